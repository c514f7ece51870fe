#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "daemon/core/restart_safety.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"

namespace rollcall::checks {
const CheckSpec& scheduleSpec();

namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

constexpr const char* kScheduled = "status='scheduled'";
constexpr const char* kEmails = "FROM emails";
constexpr const char* kRevisions = "post_revisions";

class ScheduleCheckTest : public testing::Test {
 protected:
  ScheduleCheckTest() : check_(scheduleSpec().make(Params(scheduleSpec().params))) {
    topology_.pods = {{.name = "pod-1"}, {.name = "pod-2"}};
    site_.url = site_.admin = *parseUrl("https://e.org");
    source_.reply(kScheduled, {});
    source_.reply(kEmails, {});
    source_.reply(kRevisions, {});
  }

  static Row scheduled(const std::string& id, int late) {
    return {"post",
            id,
            "slug-" + id,
            "2027-01-15 08:00:00",
            "2027-01-14 07:00:00",
            std::to_string(late)};
  }
  static Row email(const std::string& id, const std::string& status, int age) {
    return {id, "post-of-" + id, status, "20", std::to_string(age)};
  }
  static Row pair(const std::string& before) {
    return {"post", "7", "slug-7", "2027-01-15 08:00:00", "1800000000090", "1800000000170", before};
  }
  Result<Outcome> tryRun() {
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .content = &source_,
                               .deadline = Deadline(MonoTime(1h))};
    return check_->run(context);
  }
  Outcome run() { return testing_support::expectOutcome(tryRun()); }
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(fmt::format("{} {} {}", finding.def->code, finding.pod,
                                  finding.resource ? finding.resource->id : ""));
    return lines;
  }

  Topology topology_;
  Site site_;
  ManualClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  std::unique_ptr<Check> check_;
};

TEST_F(ScheduleCheckTest, FindsNothingWhereNothingWaitsAndKnowsThatItIsSo) {
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(outcome.tally.restart.emailsInFlight, 0U);
  EXPECT_EQ(outcome.tally.restart.postsDueSoon, 0U);
  EXPECT_FALSE(outcome.tally.restart.migrationLocked.has_value());
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(ScheduleCheckTest, FindsAPostThatIsScheduledAfterItsTime) {
  source_.reply(kScheduled, {scheduled("1", 720), scheduled("2", 180), scheduled("3", -60)});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC531  1"));
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.message,
            "the post \"slug-1\" was due at 2027-01-15T08:00:00.000Z and is still scheduled 12 min "
            "later");
  EXPECT_THAT(finding.cause, HasSubstr("the pod that took the save is gone"));
  EXPECT_EQ(finding.evidence.at("db_status"), "scheduled") << "it is not public";
  EXPECT_TRUE(asksForRestart(finding.remedy));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl delete pod pod-1"));
  EXPECT_EQ(outcome.tally.restart.postsDueSoon, 2U);
}

TEST_F(ScheduleCheckTest, FindsANewsletterThatIsStuck) {
  source_.reply(kEmails, {email("a", "submitting", 3600), email("b", "pending", 60)});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC532  post-of-a"));
  EXPECT_THAT(outcome.findings[0].message,
              HasSubstr("the newsletter a of the post post-of-a has been submitting for"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("WHERE id='a'"));
  EXPECT_FALSE(asksForRestart(outcome.findings[0].remedy));
  EXPECT_EQ(outcome.tally.restart.emailsInFlight, 2U);
}

TEST_F(ScheduleCheckTest, FindsAScheduleThatFiredTwice) {
  source_.reply(kRevisions, {pair("scheduled")});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC533  7"));
  EXPECT_EQ(outcome.findings[0].message,
            "the post \"slug-7\", due at 2027-01-15T08:00:00.000Z, was saved twice as published "
            "within 80 ms");
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("an integration"));
  EXPECT_EQ(judge(outcome, std::nullopt), Verdict::kPass);
}

TEST_F(ScheduleCheckTest, AsksOnlyForSavesThatAreAsCloseAsTimersAre) {
  run();
  EXPECT_THAT(source_.asked, Contains(HasSubstr("b.created_at_ts<=a.created_at_ts+1500 ")))
      << "an integration that answers to a publication takes longer as a rule";
}

TEST_F(ScheduleCheckTest, RemembersWhatWasScheduled) {
  source_.reply(kRevisions, {pair("draft")});
  EXPECT_THAT(claims(run()), IsEmpty()) << "perhaps a person saved it twice";
  source_.reply(kRevisions, {});
  source_.reply(kScheduled, {scheduled("7", -20)});
  EXPECT_THAT(claims(run()), IsEmpty());
  source_.reply(kScheduled, {});
  source_.reply(kRevisions, {pair("draft")});
  EXPECT_THAT(claims(run()), ElementsAre("RC533  7"));
}

TEST_F(ScheduleCheckTest, SaysWhichRightsItMissesAndDoesTheRest) {
  source_.reply(kScheduled, {scheduled("1", 720)});
  source_.refuse(kEmails, ErrorCode::kPermissionDenied);
  source_.refuse(kRevisions, ErrorCode::kPermissionDenied);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC531  1"));
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes,
              ElementsAre(HasSubstr("ON ghost.emails"), HasSubstr("ON ghost.post_revisions")));
  EXPECT_FALSE(outcome.tally.restart.emailsInFlight.has_value());
  EXPECT_EQ(outcome.tally.restart.postsDueSoon, 0U);
}

TEST_F(ScheduleCheckTest, AGhostWithoutTheseTablesIsNoError) {
  source_.refuse(kEmails, ErrorCode::kNotFound);
  source_.refuse(kRevisions, ErrorCode::kNotFound);
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ScheduleCheckTest, ADatabaseThatFailsIsAnErrorAndNoFinding) {
  for (const char* part : {kScheduled, kEmails, kRevisions}) {
    source_.refuse(part, ErrorCode::kUnavailable);
    const auto outcome = tryRun();
    ASSERT_FALSE(outcome) << part;
    EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
    source_.reply(part, {});
  }
}

TEST_F(ScheduleCheckTest, TheQuestionsReadOnlyAndAreBounded) {
  run();
  ASSERT_EQ(source_.asked.size(), 3U);
  for (const std::string& sql : source_.asked) {
    EXPECT_TRUE(sql.starts_with("SELECT ")) << sql;
    EXPECT_THAT(sql, HasSubstr("LIMIT 1000"));
    EXPECT_THAT(sql, Not(HasSubstr("NOW()"))) << "Ghost's times are UTC";
  }
}

}  // namespace
}  // namespace rollcall::checks
