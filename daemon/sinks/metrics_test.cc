#include "daemon/sinks/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <sstream>

#include "daemon/sinks/formats.h"
#include "daemon/sinks/golden.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;
using ::testing::Not;

const CheckSpec kPostsSpec{"posts", "the roll", {}, {}, {}, true, {kSampleMissing, kSampleServed},
                           {},      nullptr};
const CheckSpec kPodsSpec{"pods", "the pods", {}, {}, {}, true, {kSampleSkew}, {}, nullptr};
const CheckSpec kArchivesSpec{"archives", "tags", {}, {}, {}, true, {kSampleNote}, {}, nullptr};

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest()
      : registry_({&kArchivesSpec, &kPodsSpec, &kPostsSpec}),
        metrics_(&pods_, &registry_, {{"posts", std::chrono::seconds(30)}}) {
    for (const char* pod : {"pod-1", "pod-3", "pod-gone"})
      pods_.asked.push_back({pod, "/", Door::kFront, Reason::kView});
    pods_.asked.push_back({"pod-1", "/", Door::kFront, Reason::kNewest});
  }

  // As the engine does after each check's run.
  void publish(const Report& report) {
    const auto shared = std::make_shared<const Report>(report);
    for (const CheckRun& run : shared->checks) metrics_.publish(shared, &run);
  }

  FakePodClient pods_;
  CheckRegistry registry_;
  Metrics metrics_;
};

TEST_F(MetricsTest, LookAsOnTheGoldenPage) {
  publish(samplePass());
  publish(sampleFail());
  expectGolden("fail.metrics.txt", metrics_.text());
  expectGolden("fail.prometheus.txt", formatPrometheus(sampleFail()));
}

TEST(ProbeMetrics, LookAsOnTheGoldenPage) {
  const Report report = sampleFail();
  const auto posts = std::ranges::find(report.checks, "posts", &CheckRun::check);
  ASSERT_NE(posts, report.checks.end());
  expectGolden("fail.probe.txt", probeMetrics(*posts, kPostsSpec));
}

TEST(ProbeMetrics, SucceedWhenEverythingWasLookedAtAndNothingCriticalFound) {
  CheckRun run = samplePass().checks.back();
  for (const auto& [verdict, success] :
       {std::pair(Verdict::kPass, "1"), std::pair(Verdict::kWarn, "1"),
        std::pair(Verdict::kFail, "0"), std::pair(Verdict::kUnknown, "0"),
        std::pair(Verdict::kNotApplicable, "0")}) {
    run.verdict = verdict;
    const std::string text = probeMetrics(run, kPostsSpec);
    EXPECT_THAT(text, HasSubstr(std::string("probe_success ") + success + "\n"));
    EXPECT_THAT(text, HasSubstr("rollcall_probe_verdict{verdict=\"" + std::string(name(verdict)) +
                                "\"} 1\n"));
  }
}

TEST(ProbeMetrics, OfAGapAreNotThoseOfHealth) {
  CheckRun run = samplePass().checks.back();
  EXPECT_THAT(probeMetrics(run, kPostsSpec),
              HasSubstr("rollcall_probe_findings{code=\"RC201\",severity=\"critical\"} 0\n"));
  run.outcome.gaps.push_back({"pod-1", "the pod", {ErrorCode::kUnavailable, "refused"}});
  run.verdict = judge(run.outcome, run.error);
  const std::string text = probeMetrics(run, kPostsSpec);
  EXPECT_THAT(text, HasSubstr("rollcall_probe_gaps 1\n"));
  EXPECT_THAT(text, HasSubstr("probe_success 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("RC201")));
}

TEST_F(MetricsTest, TellOfTheVolumeFromEachPlaceThatLookedAtIt) {
  Report report = samplePass();
  Tally& tally = report.checks.at(0).outcome.tally;
  tally.volumes[""] = {0.25, 1000, 400, 30, std::nullopt};
  tally.volumes["pod-1"].hungSince = WallTime(std::chrono::seconds(1'700'000'000));
  tally.volumes["pod-gone"].writeSeconds = 1;
  tally.volumeUp = {{"pod-1", false}, {"pod-2", true}, {"pod-gone", true}};
  report.checks.at(1).outcome.tally.volumeUp = {{"pod-1", true}, {"pod-2", true}};
  publish(report);
  const std::string text = metrics_.text();
  for (const char* line :
       {"rollcall_volume_write_seconds 0.25\n", "rollcall_volume_size_bytes 1000\n",
        "rollcall_volume_free_bytes 400\n", "rollcall_volume_free_inodes 30\n",
        "rollcall_volume_hung_since_timestamp_seconds{pod=\"pod-1\"} 1700000000\n",
        "rollcall_volume_up{pod=\"pod-1\"} 0\n", "rollcall_volume_up{pod=\"pod-2\"} 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("rollcall_volume_write_seconds{")));
  EXPECT_THAT(text, Not(HasSubstr("rollcall_volume_up{pod=\"pod-gone\"}")));
}

TEST_F(MetricsTest, TellTheNumbersOfCommandsButNotOfPodsThatAreGone) {
  Report report = samplePass();
  report.checks.at(0).outcome.tally.commandNumbers = {{"disk", "a \"b\"\n", "", "ratio", 0.5},
                                                      {"page", "time", "pod-gone", "seconds", 1}};
  publish(report);
  EXPECT_THAT(
      metrics_.text(),
      HasSubstr("rollcall_exec_value{command=\"disk\",label=\"a \\\"b\\\" \",unit=\"ratio\"} "
                "0.5\n"));
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("pod-gone")));
}

TEST_F(MetricsTest, BeforeTheFirstReportTellOnlyOfTheProcess) {
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("rollcall_build_info{version="));
  EXPECT_THAT(text, HasSubstr("rollcall_propagation_seconds_count 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("rollcall_findings")));
  EXPECT_THAT(text, Not(HasSubstr("rollcall_http_requests_total")));
}

TEST_F(MetricsTest, ResolvedFindingsBecomeZeroAndLeaveThePod) {
  publish(sampleFail());
  EXPECT_THAT(metrics_.text(),
              HasSubstr(R"(rollcall_findings{check="posts",code="RC201",severity="critical"} 6)"));
  publish(samplePass());
  const std::string text = metrics_.text();
  EXPECT_THAT(text,
              HasSubstr(R"(rollcall_findings{check="posts",code="RC201",severity="critical"} 0)"));
  EXPECT_THAT(text, Not(HasSubstr("rollcall_pod_findings")));
}

TEST_F(MetricsTest, ACheckThatCouldNotRunSaysNothingAboutItsCodes) {
  publish(sampleFail());
  EXPECT_THAT(metrics_.text(), Not(HasSubstr(R"(code="RC190")")));
}

TEST_F(MetricsTest, ACheckThatCouldNotLookEverywhereSaysNothingAboutWhatItDidNotFind) {
  const std::string zero = R"(rollcall_findings{check="posts",code="RC201",severity="critical"} 0)";
  publish(samplePass());
  EXPECT_THAT(metrics_.text(), HasSubstr(zero));
  Report report = samplePass();
  report.checks.at(1).outcome.gaps = {{"pod-1", "the pod", {}}};
  publish(report);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr(zero)));
}

TEST_F(MetricsTest, WhatIsLeftToTheLeaderHasNoGapsHere) {
  const CheckSpec canary{.name = "canary", .needs = {Need::kLead}};
  const CheckRegistry registry({&canary});
  Metrics metrics(nullptr, &registry);
  Report report = samplePass();
  report.checks = {CheckRun{.check = "canary", .verdict = Verdict::kNotApplicable}};
  for (const auto& [leads, told] : {std::pair{true, true}, std::pair{false, false}}) {
    report.leads = leads;
    metrics.publish(std::make_shared<const Report>(report), nullptr);
    EXPECT_EQ(metrics.text().find("rollcall_check_gaps{check=\"canary\"}") != std::string::npos,
              told);
  }
}

TEST_F(MetricsTest, WhatCouldNotBeLookedAtIsCounted) {
  publish(samplePass());
  EXPECT_THAT(metrics_.text(), HasSubstr("rollcall_check_gaps{check=\"posts\"} 0\n"));
  Report report = samplePass();
  report.checks.at(1).outcome.gaps = {{"pod-1", "the pod", {}}, {"", "the newest posts", {}}};
  report.checks.at(0).error = Error{ErrorCode::kUnavailable, "no database"};
  publish(report);
  const std::string text = metrics_.text();
  for (const auto& [run, gaps] : {std::pair{0, "1"}, std::pair{1, "2"}})
    EXPECT_THAT(text, HasSubstr("rollcall_check_gaps{check=\"" + report.checks.at(run).check +
                                "\"} " + gaps + "\n"));
}

TEST_F(MetricsTest, AnOldListOfPodsIsToldFromNoList) {
  publish(samplePass());
  EXPECT_THAT(metrics_.text(), HasSubstr("rollcall_pods_stale 0\n"));
  Report report = samplePass();
  report.pods.clear();
  report.podsStale = "the name ghost does not resolve";
  publish(report);
  EXPECT_THAT(metrics_.text(), HasSubstr("rollcall_pods_stale 1\n"));
  EXPECT_THAT(metrics_.text(), HasSubstr("rollcall_pods 0\n"));
}

TEST_F(MetricsTest, OfTheProcessAreThoseThatWereLearned) {
  const std::string text = processMetrics({.cpuSeconds = 1.5, .openFds = 12});
  EXPECT_EQ(text,
            "# HELP process_cpu_seconds_total User and system CPU time spent.\n"
            "# TYPE process_cpu_seconds_total counter\n"
            "process_cpu_seconds_total 1.5\n"
            "# HELP process_open_fds Open file descriptors.\n"
            "# TYPE process_open_fds gauge\n"
            "process_open_fds 12\n");
}

TEST_F(MetricsTest, PodsThatAreGoneVanishEverywhere) {
  publish(sampleFail());
  EXPECT_THAT(metrics_.text(), HasSubstr(R"(pod="pod-3")"));
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("pod-gone")));
  Report without = sampleFail();
  without.pods.pop_back();
  publish(without);
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr(R"(rollcall_http_requests_total{pod="pod-1")"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.find("pod-3") != std::string::npos) ADD_FAILURE() << line;
}

TEST_F(MetricsTest, RequestsBetweenTwoReportsAreCounted) {
  publish(sampleFail());
  const std::string before = metrics_.text();
  EXPECT_THAT(before, HasSubstr("rollcall_http_requests_total{pod=\"pod-1\",reason=\"view\"} 1\n"));
  EXPECT_EQ(metrics_.text(), before);
  pods_.asked.push_back({"pod-1", "/", Door::kFront, Reason::kView});
  EXPECT_THAT(metrics_.text(),
              HasSubstr("rollcall_http_requests_total{pod=\"pod-1\",reason=\"view\"} 2\n"));
}

TEST_F(MetricsTest, TellWhoLeadsWhereThereIsAnElection) {
  Report report = sampleFail();
  report.leads.reset();
  publish(report);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("rollcall_leader")));
  for (const bool leads : {true, false}) {
    report.leads = leads;
    publish(report);
    EXPECT_THAT(metrics_.text(),
                HasSubstr(leads ? "\nrollcall_leader 1\n" : "\nrollcall_leader 0\n"));
  }
}

TEST_F(MetricsTest, RunsAndPropagationAddUpOverTime) {
  publish(samplePass());
  publish(samplePass());
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr(R"(rollcall_check_runs_total{check="posts",verdict="pass"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(rollcall_check_runs_total{check="posts",verdict="fail"} 0)"));
  EXPECT_THAT(text, HasSubstr("rollcall_propagation_seconds_bucket{le=\"0.5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_propagation_seconds_bucket{le=\"2\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_propagation_seconds_count 4\n"));
}

TEST_F(MetricsTest, AReportWithoutANewRunCountsNoRun) {
  metrics_.publish(std::make_shared<const Report>(samplePass()), nullptr);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("rollcall_check_runs_total")));
}

TEST_F(MetricsTest, HostileNamesStayInsideTheirLabel) {
  publish(sampleHostile());
  std::istringstream lines(metrics_.text());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.rfind("rollcall_", 0) == 0 || line.rfind("# ", 0) == 0) << line;
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
  }
}

// name -> "type label label", as the exposition text shows it.
std::map<std::string, std::string> exposed(const std::string& text) {
  std::map<std::string, std::string> types;
  std::map<std::string, std::set<std::string>> labels;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, kind, name, type;
    if (words >> hash >> kind >> name >> type; hash == "#") {
      if (kind == "TYPE") types[name] = type;
      continue;
    }
    std::string series = line.substr(0, line.find_first_of("{ "));
    for (const char* suffix : {"_bucket", "_sum", "_count"})
      if (series.ends_with(suffix)) series.resize(series.size() - std::strlen(suffix));
    for (std::size_t at = line.find('='); at != std::string::npos; at = line.find('=', at + 1)) {
      const std::size_t start = line.find_last_of("{,", at) + 1;
      labels[series].insert(line.substr(start, at - start));
    }
  }
  labels["rollcall_propagation_seconds"].erase("le");
  for (auto& [name, type] : types)
    for (const std::string& label : labels[name]) type += " " + label;
  return types;
}

// The same, as the README's table tells it, of the rows that are marked with one of `marks`.
std::map<std::string, std::string> documented(const std::set<std::string>& marks) {
  std::map<std::string, std::string> rows;
  std::istringstream lines(readFile(ROLLCALL_SOURCE_DIR "/daemon/sinks/README.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `rollcall_") && !line.starts_with("| `probe_")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) {
      std::erase(cell, '`');
      const std::size_t first = cell.find_first_not_of(' ');
      cells.push_back(first == std::string::npos
                          ? ""
                          : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
    }
    std::set<std::string> labels;
    std::istringstream words(cells.at(2));
    for (std::string label; words >> label;) labels.insert(label);
    std::string type = cells.at(1);
    for (const std::string& label : labels) type += " " + label;
    if (marks.contains(cells.at(3))) rows[cells.at(0)] = type;
  }
  return rows;
}

TEST_F(MetricsTest, AreWhatTheReadmeDocuments) {
  publish(sampleFail());
  EXPECT_EQ(exposed(metrics_.text()), documented({"report", "serve"}));
  EXPECT_EQ(exposed(formatPrometheus(sampleFail())), documented({"report"}));
  EXPECT_EQ(exposed(pushMetrics(samplePass())), documented({"push"}));
  EXPECT_EQ(exposed(probeMetrics(samplePass().checks.back(), kPostsSpec)), documented({"probe"}));
  EXPECT_EQ(exposed(webhookMetrics({})), documented({"webhook"}));
  EXPECT_EQ(exposed(followMetrics(true)), documented({"follow"}));
}

}  // namespace
}  // namespace rollcall
