// What the checks say on a real server that does not let Rollcall in.
#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "tests/component/mariadb_world.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::checks {
const CheckSpec& imagesSpec();
const CheckSpec& privateSpec();
const CheckSpec& redirectsSpec();
const CheckSpec& scheduleSpec();
const CheckSpec& settingsSpec();
const CheckSpec& themeSpec();
const CheckSpec& tiersSpec();
}  // namespace rollcall::checks

namespace rollcall::testing_support {
namespace {

using ::testing::HasSubstr;

class MariadbRefused : public MariadbWorld {
 protected:
  Result<Outcome> run(const CheckSpec& spec, const DatabaseConfig& config) {
    Topology topology;
    topology.pods = {{.name = "pod-1"}};
    Site site;
    site.url = site.admin = *parseUrl("https://e.org");
    FakePodClient pods;
    const auto source = makeMysqlSource(clock_, config);
    return spec.make(Params(spec.params))
        ->run({.topology = topology,
               .site = site,
               .clock = clock_,
               .pods = pods,
               .content = source.get(),
               .deadline = soon()});
  }
  // None of the checks that ask questions of their own takes it for a missing grant or table.
  void expectToldByAll(const DatabaseConfig& config, const std::string& sentence) {
    for (const CheckSpec* spec :
         {&checks::imagesSpec(), &checks::redirectsSpec(), &checks::scheduleSpec(),
          &checks::settingsSpec(), &checks::themeSpec(), &checks::tiersSpec()}) {
      const auto outcome = run(*spec, config);
      ASSERT_FALSE(outcome) << spec->name << ": " << outcome->notApplicable.value_or("applies");
      EXPECT_THAT(outcome.error().message, HasSubstr(sentence)) << spec->name;
    }
  }
};

TEST_F(MariadbRefused, AWrongPasswordIsNoMissingGrant) {
  DatabaseConfig wrong = config();
  wrong.password = "wrong horse";
  expectToldByAll(wrong, "refuses the account \"rollcall\"");
}

TEST_F(MariadbRefused, AWrongDatabaseIsNoMissingTable) {
  DatabaseConfig wrong = config();
  wrong.name = "spectre";
  expectToldByAll(wrong, "may not use the database \"spectre\"");
  server().sql("GRANT SELECT ON *.* TO rollcall;");
  expectToldByAll(wrong, "has no database \"spectre\"");
}

TEST_F(MariadbRefused, PrivateComparesThePodsAndSaysInAGapWhyItKnowsNoMore) {
  DatabaseConfig wrong = config();
  wrong.password = "wrong horse";
  const auto outcome = run(checks::privateSpec(), wrong);
  ASSERT_TRUE(outcome);
  ASSERT_FALSE(outcome->gaps.empty());
  EXPECT_THAT(outcome->gaps[0].why.message, HasSubstr("refuses the account \"rollcall\""));
}

TEST_F(MariadbRefused, AMissingGrantIsNoRefusal) {
  const auto tiers = run(checks::tiersSpec(), config());
  ASSERT_TRUE(tiers) << tiers.error().message;
  EXPECT_THAT(tiers->notApplicable.value_or(""), HasSubstr("GRANT SELECT ON ghost.products"));
  const auto redirects = run(checks::redirectsSpec(), config());
  ASSERT_TRUE(redirects) << redirects.error().message;
  EXPECT_THAT(redirects->notApplicable.value_or(""), HasSubstr("GRANT SELECT ON ghost.offers"));
}

}  // namespace
}  // namespace rollcall::testing_support
