#include <gmock/gmock.h>

#include "daemon/core/finding_traits.h"
#include "daemon/core/registry.h"
#include "daemon/run/runner.h"
#include "tests/support/fake_command_runner.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& execSpec();
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ExecCheckTest : public testing::Test {
 protected:
  ExecCheckTest() {
    topology_.pods = {{.name = "ghost-0", .host = "10.0.0.1"},
                      {.name = "ghost-1", .host = "10.0.0.2"}};
    site_.url = *parseUrl("https://example.org");
  }
  CheckRun run() {
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .commands = &runner_,
                               .exec = &commands_,
                               .leads = leads_,
                               .deadline = Deadline::after(clock_, 30s),
                               .stop = {}};
    return runCheck(execSpec(), *check_, context);
  }
  static std::vector<std::string> gapsOf(const CheckRun& run) {
    std::vector<std::string> gaps;
    for (const Gap& gap : run.outcome.gaps)
      gaps.push_back(gap.pod + "/" + gap.what + ": " + std::string(name(gap.why.code)));
    return gaps;
  }

  PatientClock clock_;
  Topology topology_;
  Site site_;
  FakePodClient pods_;
  FakeCommandRunner runner_{clock_};
  std::vector<ExecCommand> commands_;
  bool leads_ = true;
  const std::unique_ptr<Check> check_ = execSpec().make(Params(execSpec().params));
};

TEST_F(ExecCheckTest, DoesNotApplyWithoutCommandsOrWhereAnotherReplicaLeads) {
  EXPECT_EQ(run().verdict, Verdict::kNotApplicable);
  commands_ = {{.name = "disk", .argv = {"/disk"}}};
  leads_ = false;
  EXPECT_EQ(run().verdict, Verdict::kNotApplicable);
  EXPECT_THAT(runner_.calls, IsEmpty());
}

TEST_F(ExecCheckTest, TakesTheExitCodeForTheVerdict) {
  commands_ = {{.name = "disk", .argv = {"/disk"}}};
  struct Case {
    int exitCode;
    Verdict verdict;
    std::vector<std::string> codes;
  };
  for (const Case& one : {Case{0, Verdict::kPass, {}}, Case{1, Verdict::kWarn, {"RC681"}},
                          Case{2, Verdict::kFail, {"RC682"}}, Case{3, Verdict::kUnknown, {}},
                          Case{127, Verdict::kUnknown, {}}}) {
    runner_.answer("/disk", one.exitCode, "DISK: 5% free| /=5%\nand more");
    const CheckRun seen = run();
    EXPECT_EQ(seen.verdict, one.verdict) << one.exitCode;
    EXPECT_EQ(codesOf(seen.outcome), one.codes) << one.exitCode;
    EXPECT_THAT(seen.outcome.tally.commandNumbers, SizeIs(1)) << one.exitCode;
  }
}

TEST_F(ExecCheckTest, WhatCannotBeRunIsAGapAndNeverAFinding) {
  commands_ = {{.name = "disk", .argv = {"/disk"}}};
  for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kDeadlineExceeded,
                               ErrorCode::kProtocol, ErrorCode::kUnavailable}) {
    runner_.fail("/disk", code);
    const CheckRun seen = run();
    EXPECT_EQ(seen.verdict, Verdict::kUnknown);
    EXPECT_THAT(gapsOf(seen), ElementsAre("/command disk: " + std::string(name(code))));
    EXPECT_THAT(seen.outcome.findings, IsEmpty());
  }
}

TEST_F(ExecCheckTest, AFindingNamesTheCommandAndHasItsWords) {
  commands_ = {{.name = "disk", .argv = {"/disk", "-p", "hunter2"}}};
  runner_.answer("/disk", 2, "DISK CRITICAL - \x1b[2J5% free\n/srv is full\n");
  const CheckRun seen = run();
  ASSERT_THAT(seen.outcome.findings, SizeIs(1));
  const Finding& finding = seen.outcome.findings[0];
  EXPECT_EQ(resourceKey(finding), "command:disk");
  EXPECT_TRUE(isPublic(finding));
  EXPECT_EQ(finding.message, "disk: DISK CRITICAL - \xef\xbf\xbd[2J5% free");
  EXPECT_THAT(finding.evidence,
              UnorderedElementsAre(Pair("exit_code", "2"), Pair("details", "/srv is full")));
  EXPECT_EQ(finding.reproduce.find("hunter2"), std::string::npos);
}

TEST_F(ExecCheckTest, CommandsOfOneCodeAreFindingsOfTheirOwn) {
  commands_ = {{.name = "a", .argv = {"/x"}}, {.name = "b", .argv = {"/x"}}};
  runner_.answer("/x", 1, "");
  const CheckRun seen = run();
  ASSERT_THAT(codesOf(seen.outcome), ElementsAre("RC681", "RC681"));
  EXPECT_EQ(seen.outcome.findings[0].message, "a: it printed nothing");
}

TEST_F(ExecCheckTest, RunsOncePerPodWithItsVariables) {
  commands_ = {{.name = "page",
                .argv = {"/http", "-I", "$ROLLCALL_POD_HOST", "$ROLLCALL_SITE_HOST"},
                .perPod = true}};
  runner_.answer("/http", [](const CommandCall& call) -> Result<CommandAnswer> {
    return CommandAnswer{call.argv[2] == "10.0.0.2" ? 2 : 0, "HTTP|time=20ms", ""};
  });
  const CheckRun seen = run();
  EXPECT_THAT(codesOf(seen.outcome), ElementsAre("RC682 ghost-1"));
  ASSERT_THAT(runner_.calls, SizeIs(2));
  EXPECT_THAT(runner_.calls[0].argv, ElementsAre("/http", "-I", "10.0.0.1", "example.org"));
  EXPECT_THAT(runner_.calls[0].variables, Contains(Pair("ROLLCALL_POD_NAME", "ghost-0")));
  EXPECT_NE(runner_.calls[0].key, runner_.calls[1].key);
  ASSERT_THAT(seen.outcome.tally.commandNumbers, SizeIs(2));
  const CommandNumber& number = seen.outcome.tally.commandNumbers[1];
  EXPECT_EQ(number.pod + " " + number.command + " " + number.label + " " + number.unit,
            "ghost-1 page time seconds");
  EXPECT_DOUBLE_EQ(number.value, 0.02);
}

TEST_F(ExecCheckTest, APodThatGetsNoReadersIsNotLookedAt) {
  commands_ = {{.name = "page", .argv = {"/http"}, .perPod = true}};
  runner_.answer("/http", 2, "");
  topology_.pods[0].ready = false;
  topology_.pods[1].terminating = true;
  EXPECT_EQ(run().verdict, Verdict::kPass);
  EXPECT_THAT(runner_.calls, IsEmpty());
}

TEST_F(ExecCheckTest, WhenNoPodIsKnownItCouldNotLook) {
  commands_ = {{.name = "page", .argv = {"/http"}, .perPod = true}};
  topology_ = {};
  EXPECT_EQ(run().verdict, Verdict::kPass);
  topology_.stale = "the name does not resolve";
  EXPECT_EQ(run().verdict, Verdict::kUnknown);
}

TEST_F(ExecCheckTest, APodThatHangsLeavesTheOthersTheirTimeAndIsNotAlwaysFirst) {
  commands_ = {{.name = "page", .argv = {"/http"}, .perPod = true}};
  topology_.pods.push_back({.name = "ghost-2", .host = "10.0.0.3"});
  runner_.answer("/http", [&](const CommandCall& call) -> Result<CommandAnswer> {
    clock_.advance(runner_.left.back());
    return Error{ErrorCode::kDeadlineExceeded, call.key};
  });
  run();
  EXPECT_THAT(runner_.left, ElementsAre(10s, 10s, 10s));
  run();
  ASSERT_THAT(runner_.calls, SizeIs(6));
  EXPECT_THAT(runner_.calls[3].variables, Contains(Pair("ROLLCALL_POD_NAME", "ghost-1")));
}

TEST_F(ExecCheckTest, MakesNoEndlessSeries) {
  commands_ = {{.name = "disk", .argv = {"/disk"}}};
  std::size_t made = 0;
  runner_.answer("/disk", [&](const CommandCall&) -> Result<CommandAnswer> {
    std::string output = "OK|";
    for (int i = 0; i < 40; ++i) output += "n" + std::to_string(made++) + "=1 ";
    return CommandAnswer{0, output, ""};
  });
  EXPECT_THAT(run().outcome.tally.commandNumbers, SizeIs(40));
  const CheckRun second = run();
  EXPECT_THAT(second.outcome.tally.commandNumbers, SizeIs(24));
  EXPECT_THAT(second.outcome.notes, ElementsAre(HasSubstr("16 numbers of the command disk")));
  EXPECT_THAT(run().outcome.tally.commandNumbers, IsEmpty());
}

}  // namespace
}  // namespace rollcall::checks
