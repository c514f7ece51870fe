#include "daemon/core/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& redirectsSpec();
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using testing_support::FakeContentDir;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

constexpr WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};
constexpr const char* kJson = "data/redirects.json";
constexpr const char* kYaml = "data/redirects.yaml";
constexpr const char* kDownload = "/ghost/api/admin/redirects/download/";

class RedirectsCheckTest : public testing::Test {
 protected:
  RedirectsCheckTest() {
    topology_.pods = {pod("pod-1"), pod("pod-2"), pod("pod-3")};
    site_.url = site_.admin = *parseUrl("https://example.com");
    database_.reply("FROM offers", {});
    dir_.makeFolder("data");
    dir_.makeFolder("settings");
  }
  static Pod pod(const std::string& name) {
    Pod made;
    made.name = made.host = name;
    return made;
  }
  void rules(const std::string& json, Duration age = 1h) {
    dir_.write(kJson, json,
               clock_.wall() - std::chrono::duration_cast<std::chrono::milliseconds>(age));
  }
  void redirect(const std::string& pod, const std::string& path, const std::string& to,
                int status = 301) {
    pods_.answer(pod, path, status, "", {{"location", to}});
  }
  CheckContext context() {
    return {.topology = topology_,
            .site = site_,
            .clock = clock_,
            .pods = pods_,
            .content = content_,
            .dir = useDir_ ? &dir_ : nullptr,
            .adminKey = adminKey_,
            .trigger = trigger_,
            .deadline = Deadline::after(clock_, 1h)};
  }
  Result<Outcome> tryRun() {
    if (!check_) check_ = redirectsSpec().make(Params(redirectsSpec().params));
    return check_->run(context());
  }
  Outcome run() { return testing_support::expectOutcome(tryRun()); }
  static std::vector<std::pair<std::string, std::string>> found(const Outcome& outcome) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Finding& one : outcome.findings) all.emplace_back(one.def->code, one.pod);
    return all;
  }

  ManualClock clock_{kNow};
  Topology topology_;
  Site site_;
  FakePodClient pods_;
  FakeContentSource database_;
  FakeContentDir dir_;
  ContentSource* content_ = &database_;
  bool useDir_ = true;
  std::string adminKey_;
  Trigger trigger_ = Trigger::kInterval;
  std::unique_ptr<Check> check_;
};

TEST_F(RedirectsCheckTest, IsSilentWhenAllPodsFollow) {
  rules(R"j([{"from":"/old","to":"/new/","permanent":true},{"from":"/a(.*)","to":"/b"}])j");
  redirect("*", "/old", "/new/");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("1 are expressions")));
  EXPECT_EQ(pods_.asked.size(), 3u);
}

TEST_F(RedirectsCheckTest, NamesAPodThatDoesNotKnowARule) {
  rules(R"([{"from":"/old","to":"/new/","permanent":true}])");
  redirect("*", "/old", "/new/");
  redirect("pod-2", "/old", "/old/");
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC551", "pod-2")));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("/old should lead to /new/ (301), the answer is 301"));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl delete pod pod-2"));
  EXPECT_EQ(finding.reproduce, "curl pod-2:2368/old");
}

TEST_F(RedirectsCheckTest, NamesAPodThatRedirectsElsewhereOrWithAnotherStatus) {
  rules(R"([{"from":"/old","to":"/new/","permanent":true}])");
  redirect("*", "/old", "/new/");
  redirect("pod-2", "/old", "/older/");
  redirect("pod-3", "/old", "/new/", 302);
  EXPECT_THAT(found(run()), UnorderedElementsAre(Pair("RC552", "pod-2"), Pair("RC552", "pod-3")));
}

TEST_F(RedirectsCheckTest, SaysItOnceWhenNoPodFollowsTheFile) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC554", "")));
}

TEST_F(RedirectsCheckTest, NamesAPodThatFollowsARuleThatWasRemoved) {
  rules(R"([{"from":"/old","to":"/new/"},{"from":"/keep","to":"/x"}])");
  redirect("*", "/old", "/new/", 302);
  redirect("*", "/keep", "/x", 302);
  EXPECT_THAT(found(run()), IsEmpty());
  rules(R"([{"from":"/keep","to":"/x"}])");
  redirect("pod-1", "/old", "/old/");
  redirect("pod-3", "/old", "/old/");
  const Outcome settling = run();
  EXPECT_THAT(found(settling), IsEmpty()) << "a removed rule has no date";
  ASSERT_TRUE(settling.again);
  clock_.advance(*settling.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC553", "pod-2")));
  redirect("pod-2", "/old", "/old/");
  EXPECT_THAT(found(run()), IsEmpty());
  pods_.asked.clear();
  run();
  for (const auto& asked : pods_.asked) EXPECT_EQ(asked.path, "/keep");
}

TEST_F(RedirectsCheckTest, SaysThatGhostCannotUseTheFile) {
  rules("[{", 1h);
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC555", "")));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("not valid JSON"));
}

TEST_F(RedirectsCheckTest, WaitsWhetherABrokenFileIsBeingWritten) {
  rules("[{", 0s);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_TRUE(outcome.again);
  clock_.advance(*outcome.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC555", "")));
  rules("[]", 0s);
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RedirectsCheckTest, NamesAPodThatDoesNotKnowAnOffersLink) {
  database_.reply("FROM offers", {{"id1", "spring", "60"}});
  redirect("*", "/spring", "/#/portal/offers/id1", 302);
  redirect("pod-3", "/spring", "/spring/");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC556", "pod-3")));
}

TEST_F(RedirectsCheckTest, SaysItOnceWhenNoPodKnowsAnOffersLink) {
  database_.reply("FROM offers", {{"id1", "spring", "60"}});
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC557", "")));
}

TEST_F(RedirectsCheckTest, DoesNotJudgeAnOfferThatWasMadeAMomentAgo) {
  database_.reply("FROM offers", {{"id1", "spring", "1"}});
  redirect("pod-1", "/spring", "/#/portal/offers/id1", 302);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_TRUE(outcome.again);
  EXPECT_LE(*outcome.again, 5s);
  database_.reply("FROM offers", {{"id1", "spring", "7"}});
  EXPECT_THAT(found(run()), UnorderedElementsAre(Pair("RC556", "pod-2"), Pair("RC556", "pod-3")));
}

TEST_F(RedirectsCheckTest, LooksAgainBeforeItClaims) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("*", "/old", "/new/", 302);
  int asked = 0;
  pods_.answer("pod-2", "/old", [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = ++asked == 1 ? 404 : 302;
    response.headers = {{"location", "/new/"}};
    return response;
  });
  EXPECT_THAT(found(run()), IsEmpty());
  EXPECT_EQ(asked, 2);
}

TEST_F(RedirectsCheckTest, DropsWhatTheFileDoesNotSayAnyMore) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  pods_.answer("pod-1", "/old", [&](const PodRequest&) -> Result<HttpResponse> {
    rules(R"([{"from":"/old","to":"/newer/"}])");
    HttpResponse response;
    response.status = 302;
    response.headers = {{"location", "/newer/"}};
    return response;
  });
  redirect("pod-2", "/old", "/newer/", 302);
  redirect("pod-3", "/old", "/newer/", 302);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_TRUE(outcome.again);
}

TEST_F(RedirectsCheckTest, KeepsAClaimWhileItSamplesOthers) {
  rules(R"([{"from":"/a","to":"/x"},{"from":"/b","to":"/x"},{"from":"/c","to":"/x"},
            {"from":"/d","to":"/x"},{"from":"/e","to":"/x"}])");
  for (const char* path : {"/a", "/b", "/c", "/d", "/e"}) redirect("*", path, "/x", 302);
  redirect("pod-1", "/e", "/e/");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(found(run()), ElementsAre(Pair("RC551", "pod-1"))) << i;
  redirect("pod-1", "/e", "/x", 302);
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RedirectsCheckTest, SaysNothingOfAPodWhileItCannotBeAskedAndRemembersItsClaims) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("*", "/old", "/new/", 302);
  redirect("pod-2", "/old", "/old/");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC551", "pod-2")));
  pods_.fail("pod-2", "/old", ErrorCode::kDeadlineExceeded);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
  redirect("pod-2", "/old", "/old/");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC551", "pod-2")));
}

TEST_F(RedirectsCheckTest, ReadsNoPostsWhereNoRuleCouldBeTheAddressOfOne) {
  rules(R"j([{"from":"/a(.*)","to":"/b"}])j");
  run();
  EXPECT_EQ(database_.loads, 0);
}

TEST_F(RedirectsCheckTest, CannotSayAnythingOfAPodThatDoesNotAnswerOrBoots) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("pod-1", "/old", "/new/", 302);
  pods_.fail("pod-2", "/old", ErrorCode::kUnavailable);
  pods_.answer("pod-3", "/old", 503);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 2u);
  EXPECT_EQ(outcome.gaps[0].pod, "pod-2");
}

TEST_F(RedirectsCheckTest, LeavesAPodWithAnotherUrlToTheCheckPods) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("*", "/old", "/new/", 302);
  redirect("pod-2", "/old", "https://other.example/old");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RedirectsCheckTest, DoesNotBlamePodsThatLeaveOrAreFencedOut) {
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("pod-1", "/old", "/new/", 302);
  EXPECT_THAT(found(run()), IsEmpty());
  EXPECT_EQ(pods_.asked.size(), 1u);
}

TEST_F(RedirectsCheckTest, DoesNotAskForWhatIsPublic) {
  rules(R"([{"from":"/hello/","to":"/new/"}])");
  database_.add(ResourceType::kPost, "1", "hello", kNow);
  run();
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(RedirectsCheckTest, PrefersTheYamlFileAsGhostDoes) {
  rules(R"([{"from":"/old","to":"/json/"}])");
  dir_.write(kYaml, "302:\n  /old: /yaml/\n", kNow - 1h);
  redirect("*", "/old", "/yaml/", 302);
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RedirectsCheckTest, DoesNotApplyWhereThereIsNothingToAsk) {
  EXPECT_TRUE(run().notApplicable);
  useDir_ = false;
  const Outcome outcome = run();
  ASSERT_TRUE(outcome.notApplicable);
  EXPECT_THAT(*outcome.notApplicable, HasSubstr("--content"));
  rules("", 1h);
  useDir_ = true;
  EXPECT_TRUE(run().notApplicable) << "an empty file";
}

TEST_F(RedirectsCheckTest, DoesNotTakeAFolderThatIsNotGhostsForASiteWithoutRedirects) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("*", "/old", "/new/", 302);
  run();
  dir_.clear();
  dir_.makeFolder("themes");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_FALSE(outcome.notApplicable);
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("there is no folder data"));
}

TEST_F(RedirectsCheckTest, SaysWhenTheContentFolderCannotBeRead) {
  dir_.error = Error{ErrorCode::kDeadlineExceeded, "the volume hangs"};
  database_.reply("FROM offers", {{"id1", "spring", "60"}});
  redirect("*", "/spring", "/#/portal/offers/id1", 302);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("hangs"));
}

TEST_F(RedirectsCheckTest, GoesWithoutTheDatabaseAndWithoutRightsOnOffers) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  redirect("*", "/old", "/new/", 302);
  database_.refuse("FROM offers", ErrorCode::kPermissionDenied);
  EXPECT_THAT(run().notes, Contains(HasSubstr("GRANT SELECT ON ghost.offers")));
  content_ = nullptr;
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(RedirectsCheckTest, IsAnErrorWhileTheDatabaseIsDead) {
  rules(R"([{"from":"/old","to":"/new/"}])");
  database_.error = Error{ErrorCode::kUnavailable, "dead"};
  EXPECT_FALSE(tryRun());
}

TEST_F(RedirectsCheckTest, IsAnErrorWhileTheDatabaseLetsNobodyIn) {
  for (const ErrorCode code : {ErrorCode::kPermissionDenied, ErrorCode::kNotFound}) {
    database_.error = Error{code, "wrong password, or no such host"};
    const auto outcome = tryRun();
    ASSERT_FALSE(outcome) << name(code);
    EXPECT_EQ(outcome.error().message, "wrong password, or no such host");
  }
}

class WithAdminKey : public RedirectsCheckTest {
 protected:
  WithAdminKey() {
    useDir_ = false;
    adminKey_ = "0123456789abcdef01234567:" + std::string(64, 'a');
  }
};

TEST_F(WithAdminKey, ReadsTheRulesThroughAPod) {
  pods_.answer("*", kDownload, 200, "302:\n  /old: /new/\n");
  redirect("*", "/old", "/new/", 302);
  redirect("pod-2", "/old", "/old/");
  const Outcome settling = run();
  EXPECT_THAT(found(settling), IsEmpty()) << "the API does not tell when the file was changed";
  ASSERT_TRUE(settling.again);
  clock_.advance(*settling.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC551", "pod-2")));
  EXPECT_EQ(pods_.asked[0].door, Door::kAdmin);
}

TEST_F(WithAdminKey, GoesOnToTheNextPodWhenOneIsDown) {
  pods_.fail("pod-1", kDownload, ErrorCode::kUnavailable);
  pods_.answer("*", kDownload, 200, R"([{"from":"/old","to":"/new/"}])");
  redirect("*", "/old", "/new/", 302);
  const Outcome outcome = run();
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_FALSE(outcome.notApplicable);
}

TEST_F(WithAdminKey, NotesThatAnIntegrationMayNotReadThem) {
  for (const int status : {403, 501}) {
    pods_.answer("*", kDownload, status);
    const Outcome outcome = run();
    ASSERT_TRUE(outcome.notApplicable);
    EXPECT_THAT(*outcome.notApplicable, HasSubstr("staff access token"));
  }
}

TEST_F(WithAdminKey, SaysWhenTheKeyIsRefused) {
  pods_.answer("*", kDownload, 401);
  const Outcome outcome = run();
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kPermissionDenied);
}

// A person waits, and there is no next run: it waits for what carries no date.
// A one-shot run whose deadline leaves no time for a settle window.
class WithoutTime : public RedirectsCheckTest {
 protected:
  WithoutTime() { trigger_ = Trigger::kOnce; }
  Outcome once() {
    auto given = context();
    given.deadline = Deadline::after(clock_, 3s);
    auto outcome = redirectsSpec().make(Params(redirectsSpec().params))->run(given);
    EXPECT_TRUE(outcome);
    return outcome ? *outcome : Outcome{};
  }
};

TEST_F(WithoutTime, SaysThatADifferenceIsNotJudgedAndJudgesWhatIsOldEnough) {
  rules(R"([{"from":"/old","to":"/new/"}])", 1s);
  database_.reply("FROM offers", {{"id1", "spring", "60"}});
  redirect("*", "/old", "/new/", 302);
  redirect("pod-2", "/old", "/old/");
  redirect("*", "/spring", "/#/portal/offers/id1", 302);
  redirect("pod-3", "/spring", "/spring/");
  const Outcome outcome = once();
  EXPECT_THAT(found(outcome), ElementsAre(Pair("RC556", "pod-3")));
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_EQ(outcome.gaps[0].pod, "pod-2");
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("no time to look again"));
}

TEST_F(WithoutTime, DoesNotClaimThatAFileIsBrokenThatMayBeBeingWritten) {
  rules("[{", 0s);
  const Outcome outcome = once();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_EQ(outcome.gaps.size(), 1u);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("no time to look again"));
}

TEST_F(RedirectsCheckTest, WaitsInAOneShotRunOnlyWhenADifferenceHasNoDate) {
  PatientClock clock(kNow);
  trigger_ = Trigger::kOnce;
  redirect("*", "/old", "/new/", 302);
  redirect("pod-2", "/old", "/old/");
  const auto once = [&](Duration age) {
    rules(R"([{"from":"/old","to":"/new/"}])", age);
    clock.slept = {};
    CheckContext given{.topology = topology_,
                       .site = site_,
                       .clock = clock,
                       .pods = pods_,
                       .content = content_,
                       .dir = &dir_,
                       .trigger = trigger_,
                       .deadline = Deadline::after(clock, 1h)};
    return found(*redirectsSpec().make(Params(redirectsSpec().params))->run(given));
  };
  EXPECT_THAT(once(1h), ElementsAre(Pair("RC551", "pod-2")));
  EXPECT_EQ(clock.slept, 0s);
  EXPECT_THAT(once(1s), ElementsAre(Pair("RC551", "pod-2")));
  EXPECT_EQ(clock.slept, 5s);
}

}  // namespace
}  // namespace rollcall::checks
