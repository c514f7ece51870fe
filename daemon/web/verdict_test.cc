#include "daemon/web/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const CheckPlan kPlan{{"pods", {true, seconds(10), seconds(15)}},
                      {"posts", {true, seconds(30), seconds(60)}},
                      {"theme", {false, seconds(30), seconds(60)}}};

json answer(const Report* report, const WebQuery& query = {}, WallTime now = sampleTime(5)) {
  const Result<VerdictQuestion> question = readVerdictQuestion(query, kPlan);
  if (!question) return question.error().message;
  return json::parse(verdictDocument(report, *question, kPlan, now));
}

// "check/code x count" of each reason.
std::vector<std::string> reasonsOf(const json& document) {
  std::vector<std::string> texts;
  for (const json& one : document["reasons"]) {
    const std::string check = one["check"].is_null() ? "" : one["check"].get<std::string>() + "/";
    texts.push_back(check + one["code"].get<std::string>() + " x " + one["count"].dump());
  }
  return texts;
}

Finding on(const std::string& pod, const FindingDef& def, const std::string& id = "1") {
  Finding finding = sampleMissing(pod.empty() ? "pod-1" : pod, "story-" + id, id);
  finding.pod = pod;
  finding.def = &def;
  return finding;
}

Gap gapOn(const std::string& pod) {
  return {pod, "newest posts", {ErrorCode::kDeadlineExceeded, "timed out"}};
}

using Edit = std::function<void(Topology&, CheckRun& pods, CheckRun& posts)>;

Report reportWith(const Edit& edit) {
  Topology topology = sampleTopology();
  CheckRun pods = samplePodsRun(topology);
  CheckRun posts = samplePostsRun();
  posts.verdict = Verdict::kPass;
  edit(topology, pods, posts);
  for (CheckRun* run : {&pods, &posts}) run->verdict = judge(run->outcome, run->error);
  return sampleReportOf({pods, posts}, topology);
}

TEST(Verdict, IsSmallAndStable) {
  const Report report = reportWith([](Topology&, CheckRun&, CheckRun& posts) {
    posts.outcome.findings = {on("pod-2", kSampleMissing, "1"), on("pod-3", kSampleMissing, "2")};
  });
  const auto question = readVerdictQuestion({}, kPlan);
  ASSERT_TRUE(question);
  EXPECT_EQ(verdictDocument(&report, *question, kPlan, sampleTime(5)),
            "{\n  \"verdict\": \"fail\",\n  \"asOf\": \"2026-01-01T10:00:00.000Z\",\n"
            "  \"since\": \"2026-01-01T09:59:30.000Z\",\n  \"stale\": false,\n  \"reasons\": [\n"
            "    {\n      \"check\": \"posts\",\n      \"code\": \"RC201\",\n"
            "      \"severity\": \"critical\",\n      \"count\": 2\n    }\n  ]\n}\n");
}

struct Row {
  const char* name;
  Edit edit;
  WebQuery query;
  const char* verdict;
  std::vector<std::string> reasons;
};

TEST(Verdict, FollowsFromTheLooksThatCount) {
  const Edit well = [](Topology&, CheckRun&, CheckRun&) {};
  const Edit missing = [](Topology&, CheckRun&, CheckRun& posts) {
    posts.outcome.findings = {on("pod-2", kSampleMissing)};
  };
  const Edit gap = [](Topology&, CheckRun&, CheckRun& posts) {
    posts.outcome.gaps = {gapOn("pod-2")};
  };
  const Row rows[] = {
      {"all is well", well, {}, "pass", {}},
      {"a critical finding", missing, {}, "fail", {"posts/RC201 x 1"}},
      {"of another check", missing, {{"check", "pods"}}, "pass", {}},
      {"of a check that was asked for",
       missing,
       {{"check", "pods"}, {"check", "posts"}},
       "fail",
       {"posts/RC201 x 1"}},
      {"on the pod", missing, {{"pod", "pod-2"}}, "fail", {"posts/RC201 x 1"}},
      {"on another pod", missing, {{"pod", "pod-1"}}, "pass", {}},
      {"on no pod in particular",
       [](Topology&, CheckRun&, CheckRun& posts) {
         posts.outcome.findings = {on("", kSampleMissing)};
       },
       {{"pod", "pod-1"}},
       "fail",
       {"posts/RC201 x 1"}},
      {"a warning is no reason to stop",
       [](Topology&, CheckRun&, CheckRun& posts) {
         posts.outcome.findings = {on("pod-2", kSampleSkew)};
       },
       {},
       "pass",
       {"posts/RC110 x 1"}},
      {"what could not be looked at", gap, {}, "inconclusive", {"posts/could_not_look x 1"}},
      {"on another pod", gap, {{"pod", "pod-1"}}, "pass", {}},
      {"a gap on no pod in particular",
       [](Topology&, CheckRun&, CheckRun& posts) { posts.outcome.gaps = {gapOn("")}; },
       {{"pod", "pod-1"}},
       "inconclusive",
       {"posts/could_not_look x 1"}},
      {"a critical finding beside a gap",
       [](Topology&, CheckRun&, CheckRun& posts) {
         posts.outcome.gaps = {gapOn("pod-1")};
         posts.outcome.findings = {on("pod-2", kSampleMissing)};
       },
       {},
       "fail",
       {"posts/could_not_look x 1", "posts/RC201 x 1"}},
      {"a check that could not run",
       [](Topology&, CheckRun&, CheckRun& posts) {
         posts.error = Error{ErrorCode::kUnavailable, "no database"};
       },
       {},
       "inconclusive",
       {"posts/could_not_look x 1"}},
      {"a check that does not apply",
       [](Topology&, CheckRun&, CheckRun& posts) { posts.outcome.notApplicable = "not here"; },
       {},
       "pass",
       {"posts/not_applicable x 1"}},
      {"nothing that applies",
       [](Topology&, CheckRun&, CheckRun& posts) { posts.outcome.notApplicable = "not here"; },
       {{"check", "posts"}},
       "inconclusive",
       {"nothing_applied x 1", "posts/not_applicable x 1"}},
      {"a look within its age", well, {{"max_age", "5s"}}, "pass", {}},
      {"a look beyond it",
       missing,
       {{"max_age", "4s"}},
       "inconclusive",
       {"pods/too_old x 1", "posts/too_old x 1"}},
      {"a look that began then", well, {{"after", "2026-01-01T10:00:00Z"}}, "pass", {}},
      {"looks that began before",
       missing,
       {{"after", "2026-01-01T10:00:01Z"}},
       "inconclusive",
       {"pods/before_after x 1", "posts/before_after x 1"}},
      {"a pod nobody knows", well, {{"pod", "pod-9"}}, "inconclusive", {"pod_not_known x 1"}},
      {"a pod that gets no readers",
       [](Topology& topology, CheckRun&, CheckRun&) { topology.pods[1].ready = false; },
       {{"pod", "pod-2"}},
       "inconclusive",
       {"pod_not_serving x 1"}},
      {"another one is asked for",
       [](Topology& topology, CheckRun&, CheckRun&) { topology.pods[1].ready = false; },
       {{"pod", "pod-1"}},
       "pass",
       {}},
      {"a pod that no check has asked",
       [](Topology&, CheckRun& pods, CheckRun&) { pods.outcome.tally.pods.erase("pod-3"); },
       {},
       "inconclusive",
       {"pod_not_asked x 1"}},
      {"a container that started after the look",
       [](Topology& topology, CheckRun&, CheckRun& posts) {
         topology.pods[1].startedAt = sampleTime(1);
         posts.outcome.findings = {on("pod-2", kSampleMissing)};
       },
       {{"check", "posts"}},
       "inconclusive",
       {"posts/pod_started_later x 1"}},
      {"one that started before it",
       [](Topology& topology, CheckRun&, CheckRun&) {
         topology.pods[1].startedAt = sampleTime(-1);
       },
       {},
       "pass",
       {}},
      {"a list of pods that is old",
       [](Topology& topology, CheckRun&, CheckRun&) { topology.stale = "the API is down"; },
       {},
       "inconclusive",
       {"pods_stale x 1"}},
  };
  for (const Row& row : rows) {
    const Report report = reportWith(row.edit);
    const json document = answer(&report, row.query);
    ASSERT_TRUE(document.is_object()) << row.name << ": " << document;
    EXPECT_EQ(document["verdict"], row.verdict) << row.name;
    EXPECT_EQ(reasonsOf(document), row.reasons) << row.name;
  }
}

TEST(Verdict, IsInconclusiveBeforeTheFirstRound) {
  const json document = answer(nullptr);
  EXPECT_EQ(document["verdict"], "inconclusive");
  EXPECT_EQ(document["asOf"], nullptr);
  EXPECT_EQ(reasonsOf(document),
            (std::vector<std::string>{"pods/not_run x 1", "posts/not_run x 1"}));
}

TEST(Verdict, IsStaleWhenACheckHasStoppedLooking) {
  const Report report = samplePass();
  // Twice the interval and the timeout of "pods".
  EXPECT_EQ(answer(&report, {}, sampleTime(50))["verdict"], "pass");
  const json document = answer(&report, {}, sampleTime(51));
  EXPECT_EQ(document["verdict"], "inconclusive");
  EXPECT_EQ(document["stale"], true);
  EXPECT_EQ(document["asOf"], "2026-01-01T10:00:00.000Z");
  EXPECT_EQ(reasonsOf(document), std::vector<std::string>{"pods/too_old x 1"});
}

TEST(Verdict, TellsNoSlugAndNoAddress) {
  Report report = sampleFail();
  const auto question = readVerdictQuestion({}, kPlan);
  ASSERT_TRUE(question);
  const std::string document = verdictDocument(&report, *question, kPlan, sampleTime(5));
  for (const char* word : {"story", "http", "example.org", "10.0.0."})
    EXPECT_THAT(document, Not(HasSubstr(word)));
}

TEST(VerdictQuestion, IsRefusedInOneSentence) {
  const std::pair<WebQuery, const char*> rows[] = {
      {{{"check", "post"}}, "there is no check \"post\"; known are: pods, posts"},
      {{{"check", "theme"}}, "the check \"theme\" is switched off"},
      {{{"check", ""}}, "there is no check \"\"; known are: pods, posts"},
      {{{"check", "a\x1b[31m\n" + std::string(1000, 'x')}}, "there is no check \"a"},
      {{{"chekc", "posts"}},
       "there is no parameter \"chekc\"; known are: check, pod, max_age, after"},
      {{{"pod", "a"}, {"pod", "b"}}, "the parameter pod is given more than once"},
      {{{"max_age", "soon"}}, "max_age is not a duration such as 30s, 5m or 1h"},
      {{{"max_age", "-1s"}}, "max_age is not a duration such as 30s, 5m or 1h"},
      {{{"after", "yesterday"}}, "after is not a time such as 2026-01-31T23:30:00Z"},
      {{{"after", "2026-13-01T00:00:00Z"}}, "after is not a time such as 2026-01-31T23:30:00Z"}};
  for (const auto& [query, sentence] : rows) {
    const auto question = readVerdictQuestion(query, kPlan);
    ASSERT_FALSE(question) << sentence;
    EXPECT_EQ(question.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(question.error().message, HasSubstr(sentence));
    EXPECT_LT(question.error().message.size(), 200u);
    EXPECT_EQ(question.error().message.find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace rollcall
