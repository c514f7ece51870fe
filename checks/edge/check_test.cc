#include <fmt/format.h>
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

TEST_F(EdgeTest, ofRowsThatCannotBeConfirmedNothingIsClaimedAndTheRestIs) {
  poison();
  source_.statesError = Error{ErrorCode::kUnavailable, "the database went away"};
  const Outcome outcome = run();
  EXPECT_THAT(testing_support::codesOf(outcome), Not(Contains("RC601")));
  ASSERT_THAT(outcome.gaps, Not(IsEmpty()));
  EXPECT_THAT(outcome.gaps,
              Contains(testing::Field(&Gap::what,
                                      "whether 1 post or page changed while it was looked at")));
}

TEST_F(EdgeTest, theEdgeIsNotAskedForWhatAPodWouldPoison) {
  pods_.answer("b", "/welcome/", 301, "",
               {{"location", "/404/"}, {"cache-control", "public, max-age=31536000"}});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(urls(), Not(Contains("http://e.org/welcome/")));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("/welcome/")));
}

TEST_F(EdgeTest, aFeedThatPodsSendElsewhereIsNoMatterOfTheEdge) {
  web_.answer("http://e.org/rss/", 302, {{"location", "https://feeds.example.net/e"}});
  pods_.answer(
      "*", "/rss/", 302, "",
      {{"location", "https://feeds.example.net/e"}, {"cache-control", "max-age=31536000"}});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_THAT(urls(), Not(Contains("http://e.org/rss/")));
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

TEST_F(EdgeTest, leavesRoomForTheSecondLook) {
  poison();
  set("requests", "5");
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC601"));
  // Too few for its page: not looked at, and not asked once for nothing.
  set("requests", "4");
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(urls(), SizeIs(5 + 4));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("checks.edge.requests")));
}

TEST_F(EdgeTest, whatCannotBeComparedASecondTimeIsAGap) {
  poison();
  int asked = 0;
  pods_.answer("b", "/welcome/", [&](const PodRequest&) -> Result<HttpResponse> {
    if (++asked > 1) return Error{ErrorCode::kUnavailable, "connection refused"};
    HttpResponse fine;
    fine.status = 200;
    return fine;
  });
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
}

TEST_F(EdgeTest, aPodThatBecameStaleMeanwhileKeepsTheEdgeFromBeingAskedAgain) {
  poison();
  int asked = 0;
  pods_.answer("b", "/welcome/", [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse answer;
    answer.status = ++asked > 1 ? 301 : 200;
    if (asked > 1)
      answer.headers = {{"location", "/404/"}, {"cache-control", "public, max-age=31536000"}};
    return answer;
  });
  EXPECT_THAT(run().findings, IsEmpty());
  EXPECT_EQ(std::ranges::count(urls(), "http://e.org/welcome/"), 1);
}

TEST_F(EdgeTest, aCopyThatIsRenewedAfterItWasHandedOutIsNoSplit) {
  web_.answer("http://e.org/welcome/", 404);
  web_.answer("http://e.org/welcome/", 200);
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(EdgeTest, anErrorAfterThePageIsASplit) {
  for (const int status : {404, 200, 200, 404}) web_.answer("http://e.org/welcome/", status);
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC604"));
}

TEST_F(EdgeTest, whatWasWrongIsLookedAtUntilItIsRight) {
  source_.now = kNow + 48h;
  poison();
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC601"));
  for (const char* id : {"2", "3", "4"}) {
    source_.add(ResourceType::kPost, id, id, kNow + 24h);
    pods_.answer("*", std::string("/") + id + "/", 200);
  }
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC601")) << "no longer of the newest";
  web_.answer("http://e.org/welcome/", 200);
  run();
  web_.asked.clear();
  EXPECT_THAT(run().findings, IsEmpty());
  EXPECT_THAT(urls(), Not(Contains("http://e.org/welcome/"))) << "right again";
}

TEST_F(EdgeTest, whatWasWrongAndCannotBeAskedForIsAGap) {
  poison();
  run();
  pods_.answer("b", "/welcome/", 301, "",
               {{"location", "/404/"}, {"cache-control", "public, max-age=31536000"}});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1)) << "or the finding were over";
}

TEST_F(EdgeTest, whatIsStillWrongIsNotOverBecauseAPodIsWrongToo) {
  poison();
  run();
  pods_.answer("b", "/welcome/", 404, "", {{"cache-control", "no-store"}});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_THAT(outcome.gaps, SizeIs(1));
}

TEST_F(EdgeTest, aDeletedPostThatIsKeptIsToldForMoreThanADay) {
  HttpResponse kept;
  kept.status = 200;
  kept.body = R"(<link rel="canonical" href="http://e.org/welcome/">)";
  web_.answer("http://e.org/welcome/", kept);
  run();
  source_.entries.clear();
  pods_.answer("*", "/welcome/", 404, "", {{"cache-control", "no-store"}});
  for (const auto age : {1h, 23h, 30h, 60h}) {
    source_.now = kNow + age;
    EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC603")) << age.count();
  }
}

TEST_F(EdgeTest, aRowThatChangedMeanwhileIsNotSaidToLackRequests) {
  poison();
  source_.changedSince["1"] = {.exists = true, .isPublic = false, .slug = "welcome"};
  EXPECT_THAT(run().notes, Not(Contains(HasSubstr("checks.edge.requests"))));
}

TEST_F(EdgeTest, whatWasNeverPublicIsNotAskedFor) {
  Entry& entry = source_.entries[0];
  entry.isPublic = false;
  entry.status = "draft";
  pods_.answer("*", "/welcome/", 404, "", {{"cache-control", "no-store"}});
  entry.publishedAt = kNow + 24h;  // it was scheduled, or the editor gave it a date
  const Outcome outcome = run();
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_FALSE(outcome.again) << "every half a minute, until that date";
  EXPECT_THAT(urls(), Not(Contains("http://e.org/welcome/")));
  for (const auto& one : pods_.asked) EXPECT_NE(one.path, "/welcome/");
  entry.publishedAt = kNow - 24h;
  run();
  EXPECT_THAT(urls(), Contains("http://e.org/welcome/"));
}

TEST_F(EdgeTest, howADraftsAddressIsKeptIsNotTold) {
  source_.entries[0].isPublic = false;
  source_.entries[0].status = "draft";
  pods_.answer("*", "/welcome/", 404, "", {{"cache-control", "no-store"}});
  HttpResponse kept;
  kept.status = 200;
  kept.headers = {{"set-cookie", "id=1"}, {"x-cache", "HIT"}};
  kept.body = R"(<link rel="canonical" href="http://e.org/welcome/">)";
  web_.answer("http://e.org/welcome/", kept);
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC603"));
}

TEST_F(EdgeTest, plainHttpIsNotAskedWhileAPodWouldPoisonTheFrontPage) {
  set("url", "https://e.org");
  pods_.answer("b", "/", 301, "", {{"location", "/404/"}, {"cache-control", "max-age=31536000"}});
  const Outcome outcome = run();
  EXPECT_THAT(urls(), Not(Contains("http://e.org/")));
  EXPECT_THAT(outcome.gaps, SizeIs(2)) << "of the certificate, and whether http leads to https";
}

TEST_F(EdgeTest, aPurgeThatFailedIsNotSaidToBeDone) {
  set("purge", "now");
  set("purge_url", "http://cache:6081");
  poison();
  web_.answer("http://cache:6081/welcome/", Error{ErrorCode::kUnavailable, "refused"});
  EXPECT_THAT(run().findings[0].evidence.at("purge"), HasSubstr("failed: "));
  EXPECT_THAT(run().findings[0].evidence.at("purge"), Not(HasSubstr("done less")));
}

TEST_F(EdgeTest, sitemapsOfPodsAreReadAsTheyCome) {
  pods_.answer("*", "/sitemap-posts.xml", [](const PodRequest& request) -> Result<HttpResponse> {
    EXPECT_TRUE(request.onBody) << "50 pods with 15 MB each";
    HttpResponse answer;
    answer.status = 200;
    answer.body =
        "<urlset><url><loc>http://e.org/welcome/</loc><lastmod>2027-01-14T04:00:00Z</lastmod></url>"
        "</urlset>";
    return answer;
  });
  HttpResponse old;
  old.status = 200;
  old.body =
      "<urlset><url><loc>http://e.org/welcome/</loc><lastmod>2026-01-01T00:00:00Z</lastmod></url>"
      "</urlset>";
  web_.answer("http://e.org/sitemap-posts.xml", old);
  EXPECT_THAT(testing_support::codesOf(run()), ElementsAre("RC602"));
}

TEST_F(EdgeTest, anOlderPageIsNamedInASentence) {
  const auto written = [](std::string_view time) {
    HttpResponse answer;
    answer.status = 200;
    answer.body = fmt::format(R"(<meta property="article:modified_time" content="{}">)", time);
    return answer;
  };
  pods_.answer("*", "/welcome/", [&](const PodRequest&) -> Result<HttpResponse> {
    return written("2027-01-14T04:00:00.000Z");
  });
  web_.answer("http://e.org/welcome/", written("2026-01-01T00:00:00.000Z"));
  const Outcome outcome = run();
  ASSERT_THAT(testing_support::codesOf(outcome), ElementsAre("RC602"));
  EXPECT_EQ(outcome.findings[0].message,
            "the edge serves an older copy of the post /welcome/ than all 2 pods");
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
