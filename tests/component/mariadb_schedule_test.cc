// The questions of the check "schedule" on a real server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "tests/component/mariadb_world.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::checks {
const CheckSpec& scheduleSpec();
}

namespace rollcall::testing_support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MariadbSchedule : public MariadbWorld {
 protected:
  void SetUp() override {
    MariadbWorld::SetUp();
    if (IsSkipped()) return;
    sql("DELETE FROM emails; DELETE FROM post_revisions;");
  }
  void grantAll() {
    server().sql(
        "GRANT SELECT (id, post_id, status, email_count, created_at, updated_at) ON ghost.emails "
        "TO rollcall; GRANT SELECT (id, post_id, title, lexical, created_at_ts, post_status, "
        "reason) ON ghost.post_revisions TO rollcall;");
  }
  // `minutes` from now on, by the database's clock.
  void scheduled(const std::string& id, int minutes, const std::string& set = "") {
    post(id, id,
         fmt::format("status='scheduled', published_at=UTC_TIMESTAMP() + INTERVAL {} MINUTE{}{}",
                     minutes, set.empty() ? "" : ", ", set));
  }
  void email(const std::string& id, const std::string& status, int minutesAgo) {
    sql(
        fmt::format("INSERT INTO emails SET id='{0}', post_id='of-{0}', status='{1}', "
                    "created_at=UTC_TIMESTAMP() - INTERVAL 5 DAY, "
                    "updated_at=UTC_TIMESTAMP() - INTERVAL {2} MINUTE;",
                    id, status, minutesAgo));
  }
  // A save of post `id`, `milliseconds` after an hour ago.
  void saved(const std::string& id, int milliseconds, const std::string& reason,
             const std::string& status, const std::string& title) {
    sql(
        fmt::format("INSERT INTO post_revisions SET id='{0}-{1}', post_id='{0}', reason='{2}', "
                    "post_status='{3}', title='{4}', lexical='{{}}', created_at=UTC_TIMESTAMP(), "
                    "created_at_ts=(SELECT UNIX_TIMESTAMP(CONVERT_TZ(published_at, '+00:00', "
                    "@@session.time_zone)) * 1000 FROM posts WHERE id='{0}') + {1};",
                    id, milliseconds, reason, status, title));
  }
  Outcome run() {
    Topology topology;
    topology.pods = {{.name = "pod-1"}};
    Site site;
    site.url = site.admin = *parseUrl("https://e.org");
    FakePodClient pods;
    const auto source = makeMysqlSource(clock_, config());
    const CheckContext context{.topology = topology,
                               .site = site,
                               .clock = clock_,
                               .pods = pods,
                               .content = source.get(),
                               .deadline = soon()};
    const CheckSpec& spec = checks::scheduleSpec();
    const auto outcome = spec.make(Params(spec.params))->run(context);
    if (!outcome) throw std::runtime_error(outcome.error().message);
    return *outcome;
  }
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(fmt::format("{} {}", finding.def->code, finding.resource->id));
    return lines;
  }
};

TEST_F(MariadbSchedule, TellsOverduePostsByTheDatabasesClock) {
  grantAll();
  scheduled("late", -10);
  scheduled("late-page", -11, "type='page'");
  scheduled("this-moment", -1);
  scheduled("soon", 9);
  scheduled("later", 11);
  post("out", "out");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC531 late-page", "RC531 late"));
  EXPECT_EQ(outcome.tally.restart.postsDueSoon, 2U);
  EXPECT_THAT(outcome.notes, IsEmpty());
}

TEST_F(MariadbSchedule, TellsNewslettersThatAreStuckFromThoseThatAreSent) {
  grantAll();
  email("old", "submitting", 45);
  email("young", "pending", 5);
  email("out", "submitted", 90);
  email("lost", "failed", 90);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC532 of-old"));
  EXPECT_EQ(outcome.tally.restart.emailsInFlight, 2U);
}

TEST_F(MariadbSchedule, TellsASchedulesTwoSavesFromAPersonsTwoSaves) {
  grantAll();
  for (const char* id : {"twice", "edited", "person", "old"})
    post(id, id, "published_at=UTC_TIMESTAMP() - INTERVAL 1 HOUR");
  for (const char* id : {"twice", "edited"})
    saved(id, -3'600'000, "initial_revision", "scheduled", "t");
  saved("person", -3'600'000, "initial_revision", "draft", "t");
  for (const char* id : {"twice", "person", "edited"}) saved(id, 90, "published", "published", "t");
  saved("twice", 170, "published", "published", "t");
  saved("edited", 170, "published", "published", "another");
  saved("person", 170, "published", "published", "t");
  sql("UPDATE posts SET published_at='2026-01-01' WHERE id='old';");
  saved("old", -1, "initial_revision", "scheduled", "t");
  saved("old", 90, "published", "published", "t");
  saved("old", 170, "published", "published", "t");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC533 twice"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("within 80 ms"));
}

TEST_F(MariadbSchedule, WithTheBaseGrantsItLooksAtPostsAndNamesTheOthers) {
  scheduled("late", -10);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), ElementsAre("RC531 late"));
  ASSERT_EQ(outcome.notes.size(), 2U);
  EXPECT_FALSE(outcome.tally.restart.emailsInFlight.has_value());
  server().sql(
      "GRANT SELECT (id, post_id, status, email_count, created_at, updated_at) ON ghost.emails TO "
      "rollcall;");
  EXPECT_EQ(run().notes.size(), 1U) << "the grant that the note names is enough";
}

}  // namespace
}  // namespace rollcall::testing_support
