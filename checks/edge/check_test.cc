#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& edgeSpec();

namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

constexpr WallTime kNow{std::chrono::hours(500'000)};

// The web: answers by URL, in turn; the last one stays. Unlisted URLs answer 200.
class FakeWeb final : public HttpClient {
 public:
  void answer(const std::string& url, Result<HttpResponse> with) {
    answers_[url].push_back(std::move(with));
  }
  void answer(const std::string& url, int status,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    answer(url, response);
  }
  std::unique_ptr<HttpBatch> batch(const QueueLimits& limits) override {
    pace = limits.perSecond;
    return std::make_unique<Batch>(*this);
  }

  std::vector<HttpRequest> asked;
  double pace = 0;

 private:
  class Batch final : public HttpBatch {
   public:
    explicit Batch(FakeWeb& owner) : owner_(owner) {}
    void add(HttpRequest request, HttpDone done) override {
      waiting_.emplace_back(std::move(request), std::move(done));
    }
    void drive(Deadline, std::stop_token) override {
      while (!waiting_.empty()) {
        auto [request, done] = std::move(waiting_.front());
        waiting_.pop_front();
        owner_.asked.push_back(request);
        done(owner_.next(request.url));
      }
    }

   private:
    FakeWeb& owner_;
    std::deque<std::pair<HttpRequest, HttpDone>> waiting_;
  };

  Result<HttpResponse> next(const std::string& url) {
    auto& answers = answers_[url];
    if (answers.empty()) {
      HttpResponse fine;
      fine.status = 200;
      return fine;
    }
    Result<HttpResponse> one = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return one;
  }
  std::map<std::string, std::deque<Result<HttpResponse>>> answers_;
};

// Two pods that serve everything, and a post that is old.
class EdgeTest : public testing::Test {
 protected:
  EdgeTest() {
    for (const char* name : {"a", "b"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("http://e.org");
    for (const char* path : {"/", "/rss/", "/sitemap-posts.xml", "/welcome/"})
      pods_.answer("*", path, 200);
    source_.now = kNow;
    source_.add(ResourceType::kPost, "1", "welcome", kNow - 1h);
    set("url", "http://e.org");
  }
  void set(const std::string& name, const std::string& value) {
    given_[name] = value;
    std::vector<std::string> problems;
    check_ = edgeSpec().make(Params::parse(edgeSpec().params, given_, "", problems));
    EXPECT_THAT(problems, IsEmpty());
  }
  Outcome run() {
    return testing_support::expectOutcome(check_->run({.topology = topology_,
                                                       .site = site_,
                                                       .clock = clock_,
                                                       .pods = pods_,
                                                       .content = content_,
                                                       .web = &web_,
                                                       .purgeToken = "t0ken",
                                                       .trigger = Trigger::kInterval,
                                                       .deadline = Deadline::after(clock_, 60s)}));
  }
  void poison() {
    web_.answer("http://e.org/welcome/", 301, {{"location", "/404/"}, {"x-varnish", "3 2"}});
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> urls;
    for (const HttpRequest& one : web_.asked) urls.push_back(one.url);
    return urls;
  }

  PatientClock clock_{kNow};
  Topology topology_;
  Site site_;
  FakePodClient pods_;
  FakeContentSource source_;
  ContentSource* content_ = &source_;
  FakeWeb web_;
  std::map<std::string, ParamValue> given_;
  std::unique_ptr<Check> check_;
};

TEST_F(EdgeTest, doesNotApplyUntilItIsToldWhereReadersCome) {
  set("url", "");
  const Outcome outcome = run();
  ASSERT_TRUE(outcome.notApplicable);
  EXPECT_THAT(*outcome.notApplicable, HasSubstr("checks.edge.url"));
  EXPECT_THAT(web_.asked, IsEmpty());
}

TEST_F(EdgeTest, aPrivateSiteHasNothingToKeep) {
  source_.settings.isPrivate = true;
  EXPECT_TRUE(run().notApplicable);
  EXPECT_THAT(web_.asked, IsEmpty());
}

TEST_F(EdgeTest, allIsWellWhereTheEdgeServesWhatThePodsServe) {
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(web_.pace, 1.0);
  EXPECT_LE(web_.asked.size(), 20u);
}

TEST_F(EdgeTest, anErrorThatNoPodServesIsPoisoned) {
  poison();
  const Outcome outcome = run();
  ASSERT_THAT(testing_support::codesOf(outcome), ElementsAre("RC601"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.resource->slug, "welcome");
  EXPECT_EQ(finding.message,
            "the edge answers 301 to /404/ for the post /welcome/, twice, and all 2 pods serve it");
  EXPECT_EQ(finding.evidence.at("cdn"), "Varnish");
  EXPECT_EQ(finding.remedy, "curl -sS -X PURGE 'http://e.org/welcome/'");
  EXPECT_EQ(finding.evidence.count("purge"), 0u) << "nobody asked for it";
}

TEST_F(EdgeTest, asksAsABrowserDoes) {
  run();
  for (const HttpRequest& one : web_.asked)
    EXPECT_THAT(one.headers, Contains(testing::Pair("Accept", testing::StartsWith("text/html,"))));
}

TEST_F(EdgeTest, aRowThatChangedMeanwhileIsLeftForTheNextRun) {
  poison();
  source_.changedSince["1"] = {.exists = true, .isPublic = false, .slug = "welcome"};
  EXPECT_THAT(run().findings, IsEmpty());
}

TEST_F(EdgeTest, theEdgeIsNotAskedForWhatAPodWouldPoison) {
  pods_.answer("b", "/welcome/", 301, "",
               {{"location", "/404/"}, {"cache-control", "public, max-age=31536000"}});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(urls(), Not(Contains("http://e.org/welcome/")));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("/welcome/")));
}

TEST_F(EdgeTest, aPodThatCannotBeAskedIsAGap) {
  pods_.fail("b", "/welcome/", ErrorCode::kUnavailable);
  poison();
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
}

TEST_F(EdgeTest, anEdgeThatDoesNotAnswerIsAGapAndLeftAlone) {
  for (const char* path : {"", "rss/", "sitemap-posts.xml", "welcome/"})
    web_.answer(std::string("http://e.org/") + path,
                Error{ErrorCode::kDeadlineExceeded, "no answer within 5 s"});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("no answer"));
  EXPECT_THAT(web_.asked, SizeIs(2));
}

TEST_F(EdgeTest, whoLimitsUsIsNotAskedFurther) {
  web_.answer("http://e.org/", 429);
  const Outcome outcome = run();
  EXPECT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_THAT(web_.asked, SizeIs(1));
}

TEST_F(EdgeTest, asksNoMoreThanItMay) {
  set("requests", "5");
  EXPECT_THAT(run().findings, IsEmpty());
  EXPECT_THAT(web_.asked, SizeIs(5));
}

TEST_F(EdgeTest, aDeletedPostThatItSawBeforeIsAZombie) {
  const std::string body = R"(<link rel="canonical" href="http://e.org/welcome/">)";
  HttpResponse kept;
  kept.status = 200;
  kept.body = body;
  web_.answer("http://e.org/welcome/", kept);
  EXPECT_THAT(run().findings, IsEmpty());
  source_.entries.clear();
  source_.now = kNow + 1h;
  pods_.answer("*", "/welcome/", 404, "", {{"cache-control", "no-store"}});
  const Outcome outcome = run();
  ASSERT_THAT(testing_support::codesOf(outcome), ElementsAre("RC603"));
  EXPECT_EQ(outcome.findings[0].evidence.at("db_status"), "deleted");
}

TEST_F(EdgeTest, plainHttpThatShowsPagesIsTold) {
  set("url", "https://e.org");
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC608"));
  web_.answer("http://e.org/", 301, {{"location", "https://e.org/"}});
  EXPECT_THAT(run().findings, IsEmpty());
}

TEST_F(EdgeTest, aTlsEdgeThatIsNotThereIsAGapAndAskedOnce) {
  set("url", "https://e.org");
  web_.answer("https://e.org/", Error{ErrorCode::kUnavailable, "connection refused"});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_THAT(web_.asked, SizeIs(1));
}

TEST_F(EdgeTest, purgesOnRequestOnceAndTells) {
  set("purge", "now");
  poison();
  HttpResponse done;
  done.status = 200;
  web_.answer("http://cache:6081/welcome/", done);
  set("purge_url", "http://cache:6081");
  const Outcome outcome = run();
  ASSERT_THAT(outcome.findings, SizeIs(1));
  EXPECT_EQ(outcome.findings[0].evidence.at("purge"),
            "done: PURGE http://cache:6081/welcome/ for e.org");
  EXPECT_EQ(web_.asked.back().method, Method::kPurge);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("PURGE http://cache:6081/welcome/")));
  EXPECT_THAT(run().findings[0].evidence.at("purge"), HasSubstr("less than an hour ago"));
}

TEST_F(EdgeTest, aDryRunOnlyTells) {
  set("purge", "dry");
  poison();
  const Outcome outcome = run();
  EXPECT_EQ(outcome.findings[0].evidence.at("purge"), "would do: PURGE http://e.org/welcome/");
  for (const HttpRequest& one : web_.asked) EXPECT_EQ(one.method, Method::kGet);
}

TEST_F(EdgeTest, theTokenIsNeverTold) {
  set("purge_how", "fastly");
  set("purge", "now");
  poison();
  const Outcome outcome = run();
  EXPECT_EQ(web_.asked.back().url, "https://api.fastly.com/purge/e.org/welcome/");
  for (const auto& [key, value] : outcome.findings[0].evidence)
    EXPECT_THAT(value, Not(HasSubstr("t0ken"))) << key;
  for (const std::string& note : outcome.notes) EXPECT_THAT(note, Not(HasSubstr("t0ken")));
}

TEST_F(EdgeTest, withoutADatabaseOnlyWhatNeedsNone) {
  content_ = nullptr;
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(urls(), Not(Contains("http://e.org/welcome/")));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("database")));
}

}  // namespace
}  // namespace rollcall::checks
