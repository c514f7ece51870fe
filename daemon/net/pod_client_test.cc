#include "daemon/net/pod_client.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// Keeps what it is asked; answers 200.
class FakeHttpClient final : public HttpClient {
 public:
  std::unique_ptr<HttpBatch> batch(const QueueLimits& perQueue) override {
    limits = perQueue;
    return std::make_unique<Batch>(*this);
  }

  QueueLimits limits;
  std::vector<HttpRequest> requests;

 private:
  class Batch final : public HttpBatch {
   public:
    explicit Batch(FakeHttpClient& owner) : owner_(owner) {}
    void add(HttpRequest request, HttpDone done) override {
      queue_.emplace_back(std::move(request), std::move(done));
    }
    void drive(Deadline, std::stop_token) override {
      for (auto& [request, done] : queue_) {
        if (request.onStart) request.onStart();
        owner_.requests.push_back(std::move(request));
        done(HttpResponse{.status = 200});
      }
      queue_.clear();
    }

   private:
    FakeHttpClient& owner_;
    std::vector<std::pair<HttpRequest, HttpDone>> queue_;
  };
};

Site siteOf(const std::string& url, const std::string& admin = "") {
  return {*parseUrl(url), *parseUrl(admin.empty() ? url : admin), ""};
}

Pod podAt(const std::string& scheme, const std::string& host, std::uint16_t port) {
  Pod pod;
  pod.name = "pod-1";
  pod.scheme = scheme;
  pod.host = host;
  pod.port = port;
  return pod;
}

class PodClientTest : public testing::Test {
 protected:
  // What the HTTP client is asked when `pod` is asked for `request`.
  HttpRequest asked(const Site& site, const Pod& pod, PodRequest request,
                    const std::string& caFile = "") {
    const auto client = makePodClient(http_, {site, caFile});
    const auto batch = client->batch({});
    batch->get(pod, std::move(request), [](Result<HttpResponse>) {});
    batch->drive(Deadline::after(clock_, 1s), {});
    return http_.requests.back();
  }
  std::string command(const Site& site, const Pod& pod, std::string_view path,
                      Door door = Door::kFront, const std::string& caFile = "") {
    return makePodClient(http_, {site, caFile})->reproduce(pod, path, door);
  }

  ManualClock clock_;
  FakeHttpClient http_;
};

TEST_F(PodClientTest, ASidecarIsAskedAtThePodsOwnAddressAndKnowsNothingOfTheSite) {
  const HttpRequest request =
      asked(siteOf("https://example.org/blog"), podAt("https", "10.0.0.7", 2368),
            {.path = "/api/v1/volume", .door = Door::kSidecar, .port = 9869, .onBody = {}});
  EXPECT_EQ(request.url, "http://10.0.0.7:9869/api/v1/volume");
  EXPECT_EQ(request.connectHost, "");
  EXPECT_EQ(request.queue, "pod-1");
  EXPECT_TRUE(request.headers.empty());
}

TEST_F(PodClientTest, APostCarriesItsBodyAndItsType) {
  const HttpRequest request = asked(siteOf("https://example.org"), podAt("http", "10.0.0.7", 2368),
                                    {.path = "/ghost/api/admin/images/upload/",
                                     .door = Door::kAdmin,
                                     .method = Method::kPost,
                                     .body = "bytes",
                                     .contentType = "multipart/form-data; boundary=x",
                                     .onBody = {}});
  EXPECT_EQ(request.method, Method::kPost);
  EXPECT_EQ(request.body, "bytes");
  EXPECT_THAT(request.headers,
              testing::Contains(Pair("Content-Type", "multipart/form-data; boundary=x")));
}

TEST_F(PodClientTest, AskingForTheFirstByteIsARange) {
  const HttpRequest request =
      asked(siteOf("https://example.org"), podAt("http", "10.0.0.7", 2368),
            {.path = "/content/images/a.png", .firstByte = true, .onBody = {}});
  EXPECT_EQ(request.method, Method::kGet);
  EXPECT_THAT(request.headers, testing::Contains(Pair("Range", "bytes=0-0")));
}

TEST_F(PodClientTest, connectsToThePodAndAsksForTheSite) {
  const HttpRequest request = asked(siteOf("https://example.org/blog"),
                                    podAt("http", "10.0.0.7", 2368), {.path = "/welcome/?a=b"});
  EXPECT_EQ(request.url, "http://example.org/blog/welcome/?a=b");
  EXPECT_EQ(request.connectHost, "10.0.0.7");
  EXPECT_EQ(request.connectPort, 2368);
  EXPECT_EQ(request.queue, "pod-1");
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Host", "example.org"), Pair("X-Forwarded-Proto", "https")));
}

TEST_F(PodClientTest, namesAPortThatIsNotTheSitesDefault) {
  const HttpRequest request =
      asked(siteOf("http://example.org:8080"), podAt("http", "10.0.0.7", 2368), {.path = "/"});
  EXPECT_EQ(request.url, "http://example.org:8080/");
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Host", "example.org:8080"), Pair("X-Forwarded-Proto", "http")));
}

TEST_F(PodClientTest, theAdminDoorIsTheAdminHostWithItsOwnPath) {
  const HttpRequest request = asked(
      siteOf("http://example.org/blog", "https://admin.example.org/blog"),
      podAt("http", "10.0.0.7", 2368), {.path = "/ghost/api/admin/site/", .door = Door::kAdmin});
  EXPECT_EQ(request.url, "http://admin.example.org/blog/ghost/api/admin/site/");
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Host", "admin.example.org"), Pair("X-Forwarded-Proto", "https")));
}

TEST_F(PodClientTest, aTlsPodIsVerifiedByTheSitesHostAndThePodsAuthority) {
  const HttpRequest request = asked(siteOf("https://example.org"), podAt("https", "fd00::7", 2368),
                                    {.path = "/"}, "/etc/pod-ca.pem");
  EXPECT_EQ(request.url, "https://example.org/");
  EXPECT_EQ(request.connectHost, "fd00::7");
  EXPECT_EQ(request.caFile, "/etc/pod-ca.pem");
}

TEST_F(PodClientTest, handsLimitsOn) {
  PodRequest wanted{.path = "/"};
  wanted.maxBytes = 7;
  wanted.timeout = 3s;
  wanted.paced = true;
  wanted.onBody = [](std::string_view) { return true; };
  const HttpRequest request =
      asked(siteOf("http://example.org"), podAt("http", "10.0.0.7", 2368), wanted);
  EXPECT_EQ(request.maxBytes, 7u);
  EXPECT_EQ(request.timeout, 3s);
  EXPECT_TRUE(request.paced);
  EXPECT_TRUE(request.onBody);
}

TEST_F(PodClientTest, theBudgetLimitsEachPod) {
  const auto client = makePodClient(http_, {siteOf("http://example.org"), ""});
  client->batch({.pages = 9, .parallel = 3, .perSecond = 2.5});
  EXPECT_EQ(http_.limits.parallel, 3u);
  EXPECT_EQ(http_.limits.perSecond, 2.5);
  EXPECT_EQ(http_.limits.atOnce, 5);
}

TEST_F(PodClientTest, countsWhatWasSentByPodAndReason) {
  const auto client = makePodClient(http_, {siteOf("http://example.org"), ""});
  const auto batch = client->batch({});
  const Pod pod = podAt("http", "10.0.0.7", 2368);
  for (const Reason reason : {Reason::kSweep, Reason::kHealth, Reason::kSweep})
    batch->get(pod, {.path = "/", .reason = reason}, [](Result<HttpResponse>) {});
  EXPECT_TRUE(client->counts().empty());
  batch->drive(Deadline::after(clock_, 1s), {});
  EXPECT_THAT(client->counts(), ElementsAre(Pair(Pair("pod-1", Reason::kHealth), 1),
                                            Pair(Pair("pod-1", Reason::kSweep), 2)));
}

TEST_F(PodClientTest, reproducePrintsACommandToPaste) {
  EXPECT_EQ(
      command(siteOf("https://example.org/blog"), podAt("http", "10.0.0.7", 2368), "/welcome/"),
      "curl -sS -o /dev/null -D - --noproxy '*' --connect-to '::10.0.0.7:2368' "
      "-H 'X-Forwarded-Proto: https' 'http://example.org/blog/welcome/'");
}

TEST_F(PodClientTest, reproduceNamesTheHostWhereCurlWouldLeaveItsPortOut) {
  EXPECT_THAT(command(siteOf("https://example.org:80"), podAt("http", "10.0.0.7", 2368), "/"),
              HasSubstr("-H 'Host: example.org:80'"));
  EXPECT_THAT(command(siteOf("https://example.org:8443"), podAt("http", "10.0.0.7", 2368), "/"),
              Not(HasSubstr("Host:")));
}

TEST_F(PodClientTest, reproduceTrustsThePodsAuthority) {
  EXPECT_THAT(command(siteOf("https://example.org"), podAt("https", "fd00::7", 2368), "/",
                      Door::kFront, "/etc/pod ca.pem"),
              HasSubstr("--connect-to '::[fd00::7]:2368' --cacert '/etc/pod ca.pem'"));
}

TEST_F(PodClientTest, reproduceNeverShowsTheContentKey) {
  const Site site = siteOf("https://example.org");
  const Pod pod = podAt("http", "10.0.0.7", 2368);
  EXPECT_THAT(command(site, pod, "/ghost/api/content/posts/?key=5ecre7&limit=all", Door::kAdmin),
              HasSubstr("'http://example.org/ghost/api/content/posts/?key='"
                        "\"$GHOST_CONTENT_KEY\"'&limit=all'"));
  EXPECT_THAT(command(site, pod, "/x/?limit=1&key=5ecre7"),
              HasSubstr("'http://example.org/x/?limit=1&key='\"$GHOST_CONTENT_KEY\""));
  EXPECT_THAT(command(site, pod, "/x/?key=5ecre7&key=5ecre7"), Not(HasSubstr("5ecre7")));
}

TEST_F(PodClientTest, reproduceQuotesWhatAShellWouldRead) {
  const std::string text = command(siteOf("https://example.org"), podAt("http", "10.0.0.7", 2368),
                                   "/it's/$(id)\n/{a}/../");
  EXPECT_THAT(text, HasSubstr("'http://example.org/it'\\''s/$(id)%0A/{a}/../'"));
  EXPECT_THAT(text, HasSubstr("--globoff"));
  EXPECT_THAT(text, HasSubstr("--path-as-is"));
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace rollcall
