// The questions of the check "database" on real servers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "tests/component/mariadb_world.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/ghost_tables.h"

namespace rollcall::checks {
const CheckSpec& databaseSpec();
}

namespace rollcall::testing_support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The machine's clock with another idea of what time it is.
class WrongClock final : public Clock {
 public:
  MonoTime mono() const override { return right_.mono(); }
  WallTime wall() const override { return right_.wall() + off; }
  bool sleepUntil(MonoTime when, std::stop_token stop) const override {
    return right_.sleepUntil(when, stop);
  }
  milliseconds off{0};

 private:
  SystemClock right_;
};

class MariadbDatabase : public MariadbWorld {
 protected:
  void SetUp() override {
    MariadbWorld::SetUp();
    if (IsSkipped()) return;
    sql("DELETE FROM migrations; DELETE FROM migrations_lock; INSERT INTO migrations (name, "
        "version, currentVersion) VALUES ('1-init', 'init', '6.56'), ('2-more', '6.65', '6.65'); "
        "INSERT INTO migrations_lock VALUES ('km01', 0, '2026-01-01', '2026-01-01');");
    topology_.pods = {{.name = "pod-1"}};
    version("6.65");
  }
  void version(const std::string& text) {
    pods_.answer(
        "pod-1", "/ghost/api/admin/site/", 200,
        fmt::format(R"({{"site":{{"title":"t","url":"https://e.org/","version":"{}"}}}})", text));
  }
  void grantAll() { server().sql("GRANT SELECT ON ghost.* TO rollcall;"); }
  Result<Outcome> tryRun(const DatabaseConfig& config, Duration patience = seconds(20)) {
    Site site;
    site.url = site.admin = *parseUrl("https://e.org");
    const auto source = makeMysqlSource(wrong_, config);
    const auto reader = makeMysqlSource(wrong_, reader_.value_or(config));
    const CheckContext context{.topology = topology_,
                               .site = site,
                               .clock = wrong_,
                               .pods = pods_,
                               .content = source.get(),
                               .reader = reader_ ? reader.get() : nullptr,
                               .deadline = in(patience)};
    const CheckSpec& spec = checks::databaseSpec();
    return spec.make(Params(spec.params))->run(context);
  }
  Outcome run() {
    const auto outcome = tryRun(config());
    if (!outcome) throw std::runtime_error(outcome.error().message);
    return *outcome;
  }
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings) lines.emplace_back(finding.def->code);
    return lines;
  }

  WrongClock wrong_;
  Topology topology_;
  FakePodClient pods_;
  std::optional<DatabaseConfig> reader_;
};

TEST_F(MariadbDatabase, AHealthyServerIsWell) {
  grantAll();
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_EQ(outcome.tally.restart.migrationLocked, false);
}

TEST_F(MariadbDatabase, WithTheBaseGrantsItDoesWhatItMay) {
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes,
              ElementsAre(HasSubstr("ON ghost.migrations_lock"), HasSubstr("ON ghost.migrations"),
                          HasSubstr("between 6 tables")));
}

TEST_F(MariadbDatabase, AReadOnlyServerIsFound) {
  server().sql("SET GLOBAL read_only=ON;");
  const Outcome outcome = run();
  server().sql("SET GLOBAL read_only=OFF;");
  EXPECT_THAT(claims(outcome), ElementsAre("RC702"));
}

TEST_F(MariadbDatabase, FewFreeConnectionsAreFound) {
  server().sql("SET GLOBAL max_connections=10;");
  std::vector<std::unique_ptr<MariadbSession>> sessions;
  for (int i = 0; i < 8; ++i)
    sessions.push_back(std::make_unique<MariadbSession>(server(), "SELECT 1;\n"));
  await("SELECT COUNT(*) > 8 FROM information_schema.processlist WHERE user='root'");
  const Outcome outcome = run();
  sessions.clear();
  server().sql("SET GLOBAL max_connections=151;");
  EXPECT_THAT(claims(outcome), ElementsAre("RC705"));
}

TEST_F(MariadbDatabase, ALockThatIsHeldIsFound) {
  grantAll();
  sql("UPDATE migrations_lock SET locked=1, acquired_at=UTC_TIMESTAMP() - INTERVAL 1 DAY;");
  EXPECT_THAT(claims(run()), ElementsAre("RC706"));
  // An hour old, or of this moment by the clock of a pod in another time zone.
  for (const char* young : {"UTC_TIMESTAMP()", "UTC_TIMESTAMP() - INTERVAL 1 HOUR"}) {
    sql(std::string("UPDATE migrations_lock SET acquired_at=") + young + ";");
    const Outcome outcome = run();
    EXPECT_THAT(claims(outcome), IsEmpty()) << young;
    EXPECT_EQ(outcome.tally.restart.migrationLocked, true);
  }
}

TEST_F(MariadbDatabase, APodOlderThanTheSchemaIsFound) {
  grantAll();
  version("6.56");
  EXPECT_THAT(claims(run()), ElementsAre("RC707"));
}

TEST_F(MariadbDatabase, TablesThatDifferAreFound) {
  server().sql(
      "GRANT SELECT ON ghost.emails TO rollcall; USE ghost; "
      "ALTER TABLE emails CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;");
  const Outcome other = run();
  server().sql("USE ghost; ALTER TABLE emails CONVERT TO CHARACTER SET latin1;");
  const Outcome narrow = run();
  server().sql(
      "USE ghost; ALTER TABLE emails CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;");
  EXPECT_THAT(claims(other), ElementsAre("RC708"));
  EXPECT_THAT(other.findings[0].message, HasSubstr("emails (utf8mb4_unicode_ci)"));
  EXPECT_THAT(claims(narrow), ElementsAre("RC708", "RC709"));
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(MariadbDatabase, ClocksThatDifferAreFound) {
  wrong_.off = seconds(-5);
  EXPECT_THAT(claims(run()), ElementsAre("RC710"));
  wrong_.off = milliseconds(1500);
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(MariadbDatabase, AWrongPasswordAndARefusedConnectionAreToldApart) {
  DatabaseConfig wrong = config();
  wrong.password = "wrong";
  const auto refused = tryRun(wrong);
  ASSERT_TRUE(refused);
  EXPECT_THAT(claims(*refused), ElementsAre("RC701"));
  EXPECT_THAT(refused->findings[0].message, HasSubstr("refuses the account"));
  wrong = config();
  wrong.port = 1;
  const auto dead = tryRun(wrong);
  ASSERT_TRUE(dead);
  EXPECT_THAT(claims(*dead), ElementsAre("RC701"));
  EXPECT_THAT(dead->findings[0].message, HasSubstr("Connection refused"));
}

TEST_F(MariadbDatabase, AFrozenServerIsFoundWithinTheDeadline) {
  server().freeze();
  const MonoTime began = clock_.mono();
  const auto outcome = tryRun(config(), seconds(8));
  const Duration took = clock_.mono() - began;
  server().thaw();
  ASSERT_TRUE(outcome);
  EXPECT_THAT(claims(*outcome), ElementsAre("RC701"));
  EXPECT_THAT(outcome->findings[0].message, HasSubstr("did not answer in time"));
  EXPECT_LT(took, seconds(9));
  fmt::print("frozen, deadline 8 s: {}\n", formatDuration(took));
}

TEST_F(MariadbDatabase, AServerThatIsFullIsFoundByItsRefusal) {
  server().sql("SET GLOBAL max_connections=10;");
  std::vector<std::unique_ptr<MariadbSession>> sessions;
  for (int i = 0; i < 10; ++i)
    sessions.push_back(std::make_unique<MariadbSession>(server(), "SELECT 1;\n"));
  // One connection beyond the limit is the administrator's.
  await("SELECT COUNT(*) > 10 FROM information_schema.processlist WHERE user='root'");
  const auto outcome = tryRun(config());
  sessions.clear();
  server().sql("SET GLOBAL max_connections=151;");
  ASSERT_TRUE(outcome);
  EXPECT_THAT(claims(*outcome), ElementsAre("RC701"));
  EXPECT_THAT(outcome->findings[0].message, HasSubstr("Too many connections"));
}

TEST_F(MariadbDatabase, AReplicaThatMissesAChangeIsFound) {
  const MariadbServer replica;
  replica.sql(
      fmt::format("CREATE DATABASE ghost CHARACTER SET utf8mb4; USE ghost; {} "
                  "CREATE USER rollcall IDENTIFIED BY 'correct horse 7\\'\\\\'; "
                  "GRANT SELECT ON ghost.* TO rollcall;",
                  kGhostTables));
  reader_ = config();
  reader_->port = replica.port();
  EXPECT_THAT(claims(run()), IsEmpty()) << "nothing has a date yet";
  post("p", "p");
  EXPECT_THAT(claims(run()), ElementsAre("RC711"));
  replica.sql(
      "USE ghost; INSERT INTO posts SET id='p', slug='p', created_at='2026-01-01', "
      "updated_at='2026-01-01';");
  EXPECT_THAT(claims(run()), IsEmpty());
  reader_->port = 1;
  const Outcome gone = run();
  EXPECT_THAT(claims(gone), IsEmpty());
  EXPECT_EQ(gone.gaps.size(), 1U);
}

}  // namespace
}  // namespace rollcall::testing_support
