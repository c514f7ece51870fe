// What every PodClient promises, run on the fake that checks are tested with and on the real one.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdio>
#include <map>

#include "daemon/net/http_client.h"
#include "daemon/net/pod_client.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/hostile_server.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

// Pods of an imaginary site, fake or behind real sockets.
class World {
 public:
  virtual ~World() = default;
  // Every pod is announced before the first answer is asked for; unlisted paths answer 404.
  virtual void answer(const std::string& pod, const std::string& path, int status,
                      const std::string& body) = 0;
  virtual void kill(const std::string& pod) = 0;
  virtual Pod pod(const std::string& name) = 0;
  virtual PodClient& client() = 0;
};

class FakeWorld final : public World {
 public:
  void answer(const std::string& pod, const std::string& path, int status,
              const std::string& body) override {
    client_.answer(pod, path, status, body, {{"x-pod", pod}});
  }
  void kill(const std::string& pod) override { client_.failAll(pod, ErrorCode::kUnavailable); }
  Pod pod(const std::string& name) override {
    Pod pod;
    pod.name = name;
    return pod;
  }
  PodClient& client() override { return client_; }

 private:
  FakePodClient client_;
};

const Site& exampleSite() {
  static const Site site{*parseUrl("https://example.org/blog"),
                         *parseUrl("https://admin.example.org/blog"), ""};
  return site;
}

class RealWorld final : public World {
 public:
  void answer(const std::string& pod, const std::string& path, int status,
              const std::string& body) override {
    answers_[pod]["/blog" + path] = testing_support::answer(status, body, "X-Pod: " + pod + "\r\n");
  }
  void kill(const std::string& pod) override { dead_[pod] = closedPort(); }
  Pod pod(const std::string& name) override {
    Pod pod;
    pod.name = name;
    pod.host = "127.0.0.1";
    pod.port = dead_.count(name) ? dead_[name] : serverOf(name).port();
    return pod;
  }
  PodClient& client() override { return *client_; }

 private:
  HostileServer& serverOf(const std::string& name) {
    auto& server = servers_[name];
    if (!server)
      server = std::make_unique<HostileServer>([answers = answers_[name]](Connection& peer) {
        while (const auto request = peer.readRequest()) {
          const auto path = request->substr(4, request->find(' ', 4) - 4);
          const auto found = answers.find(path);
          if (!peer.send(found == answers.end() ? testing_support::answer(404, "") : found->second))
            return;
        }
      });
    return *server;
  }

  SystemClock clock_;
  std::map<std::string, std::map<std::string, std::string>> answers_;
  std::map<std::string, std::uint16_t> dead_;
  std::map<std::string, std::unique_ptr<HostileServer>> servers_;
  std::unique_ptr<HttpClient> http_ = makeCurlClient(clock_, "rollcall/test");
  std::unique_ptr<PodClient> client_ = makePodClient(*http_, {exampleSite(), ""});
};

struct Kind {
  const char* name;
  std::unique_ptr<World> (*make)();
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class PodClientContract : public testing::TestWithParam<Kind> {
 protected:
  void drive(PodBatch& batch) { batch.drive(Deadline::after(clock_, 20s), {}); }

  SystemClock clock_;
  std::unique_ptr<World> world_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(
    Every, PodClientContract,
    testing::Values(
        Kind{"fake", []() -> std::unique_ptr<World> { return std::make_unique<FakeWorld>(); }},
        Kind{"real", []() -> std::unique_ptr<World> { return std::make_unique<RealWorld>(); }}),
    [](const auto& kind) { return kind.param.name; });

TEST_P(PodClientContract, eachPodAnswersForItself) {
  world_->answer("a", "/welcome/", 200, "from a");
  world_->answer("b", "/welcome/", 301, "");
  std::map<std::string, std::string> seen;
  const auto batch = world_->client().batch({});
  for (const char* name : {"a", "b", "c"})
    batch->get(world_->pod(name), {.path = "/welcome/"}, [&, name](Result<HttpResponse> result) {
      ASSERT_TRUE(result) << result.error().message;
      seen[name] = fmt::format("{} {} {}", result->status, result->body, result->header("x-pod"));
    });
  EXPECT_THAT(seen, IsEmpty());
  drive(*batch);
  EXPECT_THAT(seen,
              ElementsAre(Pair("a", "200 from a a"), Pair("b", "301  b"), Pair("c", "404  ")));
}

TEST_P(PodClientContract, aDeadPodIsUnavailableAndHurtsNoOther) {
  world_->answer("well", "/", 200, "hello");
  world_->kill("dead");
  int well = 0;
  int unavailable = 0;
  const auto batch = world_->client().batch({.parallel = 1});
  for (int i = 0; i < 3; ++i) {
    batch->get(world_->pod("dead"), {.path = "/"}, [&](Result<HttpResponse> result) {
      unavailable += !result && result.error().code == ErrorCode::kUnavailable;
    });
    batch->get(world_->pod("well"), {.path = "/"},
               [&](Result<HttpResponse> result) { well += result && result->status == 200; });
  }
  drive(*batch);
  EXPECT_EQ(well, 3);
  EXPECT_EQ(unavailable, 3);
}

TEST_P(PodClientContract, aDoneMayAskFurther) {
  world_->answer("a", "/1/", 200, "one");
  world_->answer("a", "/2/", 200, "two");
  std::vector<std::string> seen;
  const auto batch = world_->client().batch({.parallel = 1});
  batch->get(world_->pod("a"), {.path = "/1/"}, [&](Result<HttpResponse> first) {
    seen.push_back(first->body);
    batch->get(world_->pod("a"), {.path = "/2/"},
               [&](Result<HttpResponse> second) { seen.push_back(second->body); });
  });
  drive(*batch);
  EXPECT_THAT(seen, ElementsAre("one", "two"));
}

TEST_P(PodClientContract, aPodsRequestsKeepTheirOrderWhenAskedOneByOne) {
  std::vector<int> order;
  const auto batch = world_->client().batch({.parallel = 1});
  for (int i = 0; i < 5; ++i)
    batch->get(world_->pod("a"), {.path = fmt::format("/{}/", i)},
               [&, i](Result<HttpResponse>) { order.push_back(i); });
  drive(*batch);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST_P(PodClientContract, aReaderGetsTheBodyInsteadOfTheResponse) {
  world_->answer("a", "/", 200, "hello");
  std::string read;
  PodRequest request{.path = "/"};
  request.onBody = [&](std::string_view piece) {
    read += piece;
    return true;
  };
  const auto batch = world_->client().batch({});
  batch->get(world_->pod("a"), request, [&](Result<HttpResponse> result) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->body, "");
  });
  drive(*batch);
  EXPECT_EQ(read, "hello");
}

TEST_P(PodClientContract, ofAFineAnswerOnlyTheStatusNeedBeKept) {
  world_->answer("a", "/fine/", 200, "hello");
  world_->answer("a", "/missing/", 404, "gone");
  std::vector<std::string> kept;
  const auto batch = world_->client().batch({.parallel = 1});
  for (const char* path : {"/fine/", "/missing/"})
    batch->get(world_->pod("a"), {.path = path, .keepFine = false},
               [&](const Result<HttpResponse>& result) {
                 kept.push_back(fmt::format("{} {} '{}'", result->status, result->body,
                                            result->header("x-pod")));
                 EXPECT_EQ(result->headers.empty(), result->status == 200);
               });
  drive(*batch);
  EXPECT_THAT(kept, ElementsAre("200  ''", "404 gone 'a'"));
}

TEST_P(PodClientContract, aReaderThatRefusesMakesAProtocolError) {
  world_->answer("a", "/", 200, "hello");
  PodRequest request{.path = "/"};
  request.onBody = [](std::string_view) { return false; };
  ErrorCode code{};
  const auto batch = world_->client().batch({});
  batch->get(world_->pod("a"), request,
             [&](Result<HttpResponse> result) { code = result.error().code; });
  drive(*batch);
  EXPECT_EQ(code, ErrorCode::kProtocol);
}

TEST_P(PodClientContract, countsByPodAndReason) {
  const auto batch = world_->client().batch({});
  for (const Reason reason : {Reason::kView, Reason::kNewest, Reason::kView})
    batch->get(world_->pod("a"), {.path = "/", .reason = reason}, [](Result<HttpResponse>) {});
  drive(*batch);
  EXPECT_THAT(world_->client().counts(),
              ElementsAre(Pair(Pair("a", Reason::kView), 2), Pair(Pair("a", Reason::kNewest), 1)));
}

// The header lines of a request that matter to Ghost, and its first line.
std::map<std::string, std::string> essence(const std::string& request) {
  std::map<std::string, std::string> lines;
  lines[""] = request.substr(0, request.find("\r\n"));
  for (const std::string name : {"Host", "X-Forwarded-Proto"}) {
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) continue;
    const auto from = at + name.size() + 4;
    lines[name] = request.substr(from, request.find("\r\n", from) - from);
  }
  return lines;
}

// Runs `command` in a shell; what it printed.
std::string shell(const std::string& command) {
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  for (std::size_t got = 0; pipe && (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, got);
  if (pipe) ::pclose(pipe);
  return output;
}

struct Asking {
  const char* site;
  const char* path;
};

TEST(Reproduce, theCommandRepeatsTheVeryRequest) {
  if (shell("curl --version 2>/dev/null").empty())
    GTEST_SKIP() << "the curl program is missing: nothing to paste the command into";
  const Asking rows[] = {
      {"https://example.org/blog", "/welcome/"},
      {"http://example.org", "/"},
      {"https://example.org:8443", "/a/?b=c&d=e"},
      {"https://example.org:80", "/"},
      {"http://[::1]:8080/sub/dir", "/welcome/"},
      {"https://example.org", "/it's/$(echo%20no)/`id`/{a,b}/[1-3]/!x/"},
      {"https://example.org", "/a/../b/./c/"},
      {"https://example.org", "/ghost/api/content/posts/?key=5ecre7&limit=all"},
  };
  for (const Asking& row : rows) {
    HostileServer server(answering(answer(200, "hello")));
    SystemClock clock;
    const auto http = makeCurlClient(clock, "rollcall/test");
    const Url url = *parseUrl(row.site);
    const auto client = makePodClient(*http, {{url, url, ""}, ""});
    Pod pod;
    pod.host = "127.0.0.1";
    pod.port = server.port();
    const auto batch = client->batch({});
    batch->get(pod, {.path = row.path},
               [](Result<HttpResponse> result) { EXPECT_TRUE(result) << result.error().message; });
    batch->drive(Deadline::after(clock, 20s), {});
    const std::string command = client->reproduce(pod, row.path, Door::kFront);
    EXPECT_THAT(shell("export GHOST_CONTENT_KEY=5ecre7 http_proxy=http://127.0.0.1:1; " + command),
                StartsWith("HTTP/1.1 200"))
        << command;
    ASSERT_EQ(server.requests().size(), 2u) << command;
    EXPECT_EQ(essence(server.requests()[0]), essence(server.requests()[1])) << command;
  }
}

}  // namespace
}  // namespace rollcall
