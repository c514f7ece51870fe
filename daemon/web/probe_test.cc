#include "daemon/web/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "daemon/web/report_pages.h"
#include "daemon/web/test_client.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const CheckSpec kPods{"pods", "the pods", {}, {}, {}, true, {kSampleSkew}, {}, nullptr};
const CheckSpec kPosts{"posts", "the roll", {}, {}, {}, true, {kSampleMissing, kSampleServed},
                       {},      nullptr};
const CheckRegistry kRegistry{{&kPods, &kPosts}};
const CheckPlan kPlan{{"pods", {true, seconds(10), seconds(15)}},
                      {"posts", {true, seconds(30), minutes(5)}},
                      {"theme", {false, seconds(30), seconds(60)}}};

// Keeps what the engine is asked for until the test answers it. Thread-safe.
class FakeEngine {
 public:
  RunNow runNow() {
    return [this](const std::string& check, MonoTime since, RunReply reply) {
      std::lock_guard lock(mutex_);
      ++asked_;
      open_.push_back({check, since, std::move(reply)});
      return true;
    };
  }
  int asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  // To the oldest that is open; there must be one.
  void answer(MonoTime began, const Report& report) {
    Asked one = [this] {
      std::lock_guard lock(mutex_);
      Asked first = std::move(open_.front());
      open_.pop_front();
      return first;
    }();
    EXPECT_LE(one.since, began);
    one.reply({began, std::make_shared<const Report>(report)});
  }

 private:
  struct Asked {
    std::string check;
    MonoTime since;
    RunReply reply;
  };
  mutable std::mutex mutex_;
  std::deque<Asked> open_;
  int asked_ = 0;
};

class ProbeDeskTest : public ::testing::Test {
 protected:
  WebPage probe(const std::string& pod = "", Duration patience = seconds(9)) {
    return desk_.page({"posts", pod, patience});
  }

  ManualClock clock_{WallTime(seconds(1'000))};
  FakeEngine engine_;
  ProbeDesk desk_{clock_, {engine_.runNow(), &kRegistry, seconds(10)}};
};

TEST_F(ProbeDeskTest, AnswersWithTheRunThatItStarts) {
  const WebPage page = probe();
  ASSERT_TRUE(page.later);
  EXPECT_EQ(page.later->until, clock_.mono() + seconds(9));
  EXPECT_FALSE(page.later->ask(false));
  engine_.answer(clock_.mono(), sampleFail());
  const std::optional<WebPage> known = page.later->ask(false);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, 200);
  EXPECT_EQ(known->type, kMetricsType);
  EXPECT_THAT(known->body, HasSubstr("probe_success 0\n"));
  EXPECT_THAT(known->body,
              HasSubstr("rollcall_probe_findings{code=\"RC201\",severity=\"critical\"} "));
}

TEST_F(ProbeDeskTest, OneRunAnswersAllWhoAskMeanwhileAndShortlyAfter) {
  std::vector<WebPage> pages;
  for (int i = 0; i < 1000; ++i) pages.push_back(probe(i % 2 == 0 ? "pod-1" : ""));
  EXPECT_EQ(engine_.asked(), 1);
  engine_.answer(clock_.mono(), samplePass());
  for (const WebPage& page : pages) EXPECT_TRUE(page.later->ask(false));
  clock_.advance(seconds(10));
  EXPECT_FALSE(probe().later);
  EXPECT_EQ(engine_.asked(), 1);
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(probe().later);
  EXPECT_EQ(engine_.asked(), 2);
}

TEST_F(ProbeDeskTest, ARunThatBeganTooEarlyForWhoCameLaterIsFollowedByAnother) {
  const MonoTime begin = clock_.mono();
  const WebPage first = probe();
  clock_.advance(seconds(11));
  const WebPage second = probe();
  EXPECT_EQ(engine_.asked(), 1) << "never two at once";
  engine_.answer(begin, samplePass());
  EXPECT_TRUE(first.later->ask(false));
  EXPECT_FALSE(second.later->ask(false));
  EXPECT_EQ(engine_.asked(), 2);
  engine_.answer(clock_.mono(), samplePass());
  EXPECT_TRUE(second.later->ask(false));
}

TEST_F(ProbeDeskTest, OfThePodCountsWhatIsKnownLast) {
  const Pod ready = samplePass().pods[0].pod;
  Pod booting = ready;
  booting.ready = false;
  const WebPage page = desk_.page({"posts", "pod-1", seconds(9), booting});
  engine_.answer(clock_.mono(), samplePass());
  EXPECT_THAT(page.later->ask(false)->body, HasSubstr("probe_success 1\n"));
  EXPECT_THAT(desk_.page({"posts", "pod-1", seconds(9), ready}).body,
              HasSubstr("probe_success 1\n"));
  EXPECT_THAT(desk_.page({"posts", "pod-1", seconds(9), booting}).body,
              HasSubstr("probe_success 0\n"));
}

TEST_F(ProbeDeskTest, WhoCannotWaitAnyLongerIsToldSo) {
  const WebPage page = probe("", milliseconds(9'500));
  const std::optional<WebPage> known = page.later->ask(true);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, 503);
  EXPECT_EQ(known->body,
            "the check \"posts\" did not end within 9.5 s: give it more time (scrape_timeout)\n");
  engine_.answer(clock_.mono(), samplePass());
  EXPECT_FALSE(probe().later) << "the run goes on and answers the next";
}

TEST_F(ProbeDeskTest, RepliesThatComeAfterItsEndHarmNothing) {
  auto desk =
      std::make_unique<ProbeDesk>(clock_, ProbeContent{engine_.runNow(), &kRegistry, seconds(10)});
  desk->page({"posts", "", seconds(1)});
  desk.reset();
  engine_.answer(clock_.mono(), samplePass());
}

using PodEdit = void (*)(Pod& pod, CheckRun& run);

TEST(ProbeOfAPod, SaysWhatConcernsThePod) {
  const struct {
    const char* name;
    PodEdit edit;
    Verdict verdict;
    std::size_t findings;
    std::size_t gaps;
  } rows[] = {
      {"all is well", [](Pod&, CheckRun&) {}, Verdict::kPass, 0, 0},
      {"on the pod",
       [](Pod&, CheckRun& run) { run.outcome.findings = {sampleMissing("pod-1", "a", "1")}; },
       Verdict::kFail, 1, 0},
      {"on another",
       [](Pod&, CheckRun& run) { run.outcome.findings = {sampleMissing("pod-2", "a", "1")}; },
       Verdict::kPass, 0, 0},
      {"on none in particular",
       [](Pod&, CheckRun& run) {
         run.outcome.findings = {sampleMissing("pod-1", "a", "1")};
         run.outcome.findings[0].pod = "";
       },
       Verdict::kFail, 1, 0},
      {"gaps",
       [](Pod&, CheckRun& run) {
         for (const char* pod : {"", "pod-1", "pod-2"})
           run.outcome.gaps.push_back({pod, "posts", {ErrorCode::kUnavailable, "refused"}});
       },
       Verdict::kUnknown, 0, 2},
      {"a check that could not run",
       [](Pod&, CheckRun& run) {
         run.error = Error{ErrorCode::kUnavailable, "no database"};
       },
       Verdict::kUnknown, 0, 0},
      {"a pod that gets no readers", [](Pod& pod, CheckRun&) { pod.ready = false; },
       Verdict::kUnknown, 0, 1},
      {"a pod that started after the run began",
       [](Pod& pod, CheckRun&) { pod.startedAt = sampleTime(1); }, Verdict::kUnknown, 0, 1},
      {"a pod that started before", [](Pod& pod, CheckRun&) { pod.startedAt = sampleTime(-1); },
       Verdict::kPass, 0, 0},
  };
  for (const auto& row : rows) {
    Report report = samplePass();
    row.edit(report.pods[0].pod, report.checks.back());
    const Result<CheckRun> own = runOfPod(report, report.checks.back(), "pod-1");
    ASSERT_TRUE(own) << row.name;
    EXPECT_EQ(own->verdict, row.verdict) << row.name;
    EXPECT_EQ(own->outcome.findings.size(), row.findings) << row.name;
    EXPECT_EQ(own->outcome.gaps.size(), row.gaps) << row.name;
  }
}

// A run answers for a while: what it saw is not said of a pod that has changed since.
TEST(ProbeOfAPod, IsOfThePodAsItIsByNow) {
  const Report report = samplePass();
  const struct {
    const char* name;
    void (*edit)(Pod& now);
    std::size_t gaps;
  } rows[] = {
      {"as it was", [](Pod&) {}, 0},
      {"started again", [](Pod& now) { now.startedAt = sampleTime(1); }, 1},
      {"another of its name", [](Pod& now) { now.uid = "another"; }, 1},
      {"without readers", [](Pod& now) { now.ready = false; }, 1},
      {"new", [](Pod& now) { now.name = "pod-9"; }, 1},
  };
  for (const auto& row : rows) {
    Pod now = report.pods[0].pod;
    row.edit(now);
    const Result<CheckRun> own = runOfPod(report, report.checks.back(), now.name, now);
    ASSERT_TRUE(own) << row.name;
    EXPECT_EQ(own->outcome.gaps.size(), row.gaps) << row.name;
    EXPECT_EQ(own->verdict, row.gaps > 0 ? Verdict::kUnknown : Verdict::kPass) << row.name;
  }
}

TEST(ProbeOfAPod, NamesTheKnownWhereItIsNot) {
  const auto own = runOfPod(samplePass(), samplePass().checks.back(), "pod-9\n");
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().message,
            "there is no pod \"pod-9 \"; known are: \"pod-1\", \"pod-2\", \"pod-3\"");
  const Report many = sampleMany();
  EXPECT_THAT(refusePod(many, "x")->message, HasSubstr("and 30 more"));
}

TEST(ProbeQuestion, WaitsAsLongAsTheScraperDoesOrTheCheckMay) {
  const std::tuple<const char*, const char*, Duration> rows[] = {
      {"posts", "", minutes(2)},
      {"pods", "", seconds(15)},
      {"posts", "10", milliseconds(9'500)},
      {"posts", "10.000000", milliseconds(9'500)},
      {"posts", "0.6", milliseconds(300)},
      {"posts", "1e9", minutes(2)},
  };
  for (const auto& [check, timeout, patience] : rows) {
    const auto question = readProbeQuestion({"/probe", {{"check", check}}, false, timeout}, kPlan);
    ASSERT_TRUE(question) << timeout;
    EXPECT_EQ(question->patience, patience) << timeout;
  }
}

TEST(ProbeQuestion, IsRefusedInOneSentence) {
  const std::tuple<WebQuery, const char*, const char*> rows[] = {
      {{}, "", "there is no check \"\"; known are: pods, posts"},
      {{{"check", "theme"}}, "", "the check \"theme\" is switched off"},
      {{{"check", "pods"}, {"check", "posts"}}, "", "the parameter check is given more than once"},
      {{{"check", "pods"}, {"target", "x"}},
       "",
       "there is no parameter \"target\"; known are: check, pod"},
  };
  for (const auto& [query, timeout, sentence] : rows) {
    const auto question = readProbeQuestion({"/probe", query, false, timeout}, kPlan);
    ASSERT_FALSE(question) << sentence;
    EXPECT_EQ(question.error().message, sentence);
  }
  for (const char* timeout : {"x", "-1", "0", "nan", "inf", "10s", "1e999"}) {
    const auto question = readProbeQuestion({"/probe", {{"check", "pods"}}, false, timeout}, kPlan);
    ASSERT_FALSE(question) << timeout;
    EXPECT_EQ(question.error().message,
              "X-Prometheus-Scrape-Timeout-Seconds is not a number of seconds");
  }
}

std::unique_ptr<WebServer> serve(std::optional<ProbeContent> probe) {
  WebContent content{.board = [] { return std::make_shared<const Board>(boardOf(samplePass())); },
                     .metrics = [] { return std::string("x 1\n"); },
                     .live = [] { return true; },
                     .ready = [] { return true; },
                     .plan = kPlan,
                     .probe = std::move(probe)};
  auto server = startWebServer("127.0.0.1:0", makeReportPages(std::move(content)));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

std::string probeRequest(const std::string& query, const std::string& headers = "") {
  return "GET /probe?" + query + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(ProbeServer, IsOffUnlessItIsSwitchedOn) {
  const auto server = serve({});
  const std::string answer = get(server->port(), "/probe?check=posts");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(answer, HasSubstr("probes are switched off"));
}

TEST(ProbeServer, WhoWaitsDelaysNobodyAndIsAnsweredOnTheSameConnection) {
  FakeEngine engine;
  const auto server = serve(ProbeContent{engine.runNow(), &kRegistry});
  TestClient first(server->port());
  TestClient second(server->port());
  first.say(probeRequest("check=posts&pod=pod-1"));
  second.say(probeRequest("check=posts"));
  second.sayNoMore();
  ASSERT_TRUE(eventually([&] { return engine.asked() == 1; }));
  EXPECT_THAT(get(server->port(), "/metrics"), HasSubstr("x 1\n"));
  engine.answer(SystemClock().mono(), samplePass());
  EXPECT_THAT(second.hearAll(), HasSubstr("probe_success 1\n"));
  const std::string answer = first.hearResponse();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store\r\n"));
  first.say(probeRequest("check=posts"));
  EXPECT_THAT(first.hearResponse(), HasSubstr("probe_success 1\n"));
  EXPECT_EQ(engine.asked(), 1);
}

TEST(ProbeServer, TheScrapersTimeoutEndsTheWait) {
  FakeEngine engine;
  const auto server = serve(ProbeContent{engine.runNow(), &kRegistry});
  TestClient client(server->port());
  client.say(probeRequest("check=posts", "X-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n"));
  const std::string answer = client.hearResponse();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("did not end within 100 ms"));
}

TEST(ProbeServer, WhatCannotBeAskedIsRefusedAtOnce) {
  FakeEngine engine;
  const auto server = serve(ProbeContent{engine.runNow(), &kRegistry});
  for (const auto& [query, sentence] :
       {std::pair("check=theme", "is switched off"), std::pair("check=x", "known are: pods, posts"),
        std::pair("check=posts&pod=x", "known are: \"pod-1\", \"pod-2\", \"pod-3\"")}) {
    const std::string answer = get(server->port(), std::string("/probe?") + query);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << query;
    EXPECT_THAT(answer, HasSubstr(sentence));
  }
  EXPECT_EQ(engine.asked(), 0);
}

TEST(ProbeServer, StopsThoughSomebodyWaits) {
  FakeEngine engine;
  auto server = serve(ProbeContent{engine.runNow(), &kRegistry});
  TestClient gone(server->port());
  {
    TestClient client(server->port());
    client.say(probeRequest("check=posts"));
    gone.say(probeRequest("check=posts"));
    ASSERT_TRUE(eventually([&] { return engine.asked() == 1; }));
  }
  server->stop();
  EXPECT_EQ(gone.hearAll(), "");
  server.reset();
  engine.answer(SystemClock().mono(), samplePass());
}

}  // namespace
}  // namespace rollcall
