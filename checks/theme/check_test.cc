#include "daemon/core/check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "daemon/content/content_dir.h"
#include "daemon/core/registry.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::checks {
const CheckSpec& themeSpec();
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

// Time passes while somebody sleeps.
class PassingClock final : public Clock {
 public:
  MonoTime mono() const override { return inner_.mono(); }
  WallTime wall() const override { return inner_.wall(); }
  bool sleepUntil(MonoTime when, std::stop_token) const override {
    slept += when - inner_.mono();
    inner_.advance(when - inner_.mono());
    if (asleep) asleep();
    return true;
  }
  void advance(Duration by) { inner_.advance(by); }

  std::function<void()> asleep;
  mutable Duration slept{};

 private:
  mutable ManualClock inner_;
};

// A content folder of files by their path.
class FakeDir final : public ContentDir {
 public:
  Result<std::string> read(std::string_view path, std::size_t, Deadline) override {
    if (error) return *error;
    const auto file = files.find(std::string(path));
    if (file == files.end()) return Error{ErrorCode::kNotFound, "no " + std::string(path)};
    return file->second;
  }
  Result<std::vector<FolderEntry>> list(std::string_view path, Deadline) override {
    if (error) return *error;
    const std::string below = std::string(path) + "/";
    std::map<std::string, FolderEntry> entries;
    for (const auto& [file, text] : files) {
      if (!file.starts_with(below)) continue;
      const std::string rest = file.substr(below.size());
      const std::string name = rest.substr(0, rest.find('/'));
      if (name.empty()) continue;
      const bool folder = rest.find('/') != std::string::npos;
      entries[name] = {name, folder ? EntryKind::kFolder : EntryKind::kFile, text.size()};
    }
    for (const std::string& link : dangling)
      if (link.starts_with(below))
        entries[link.substr(below.size())] = {link.substr(below.size()), EntryKind::kDanglingLink};
    if (entries.empty() && !files.contains(below))
      return Error{ErrorCode::kNotFound, "no " + std::string(path)};
    std::vector<FolderEntry> list;
    for (auto& [name, entry] : entries) list.push_back(std::move(entry));
    return list;
  }

  std::map<std::string, std::string> files;  // "themes/" alone: an empty folder
  std::vector<std::string> dangling;
  std::optional<Error> error;
};

std::string page(std::string_view body) {
  return fmt::format(
      "<html><head><meta name=\"generator\" content=\"Ghost 6.65\">"
      "<link rel=stylesheet href=\"/assets/a.css?v=1\"></head><body>{}</body></html>",
      body);
}

constexpr const char* kThemeSql = "'active_theme', 'is_private'";
constexpr const char* kCustomSql = "FROM custom_theme_settings";
constexpr const char* kPostSql = "custom_template IS NULL";
constexpr const char* kSettingsPath = "/ghost/api/content/settings/?key=k";
constexpr const char* kTiersPath = "/ghost/api/content/tiers/?key=k";
constexpr const char* kCustomPath = "/ghost/api/admin/custom_theme_settings/";

class ThemeCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    site_.url = site_.admin = *parseUrl("https://e.org");
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name, .host = name});
    check_ = themeSpec().make(Params(themeSpec().params));
    activeTheme("mine");
    custom({});
    source_.key = "k";
    source_.reply(kPostSql, {{"1", "old", "2020-01-01 00:00:00"}});
    folder("mine", 100), folder("other", 200);
    pods_.answer("*", kSettingsPath, 200, "{\"settings\":{}}");
    pods_.answer("*", kTiersPath, 200, "{\"tiers\":[]}");
    for (const char* pod : {"a", "b", "c"}) serves(pod, 100);
    renders("*", "/", "<p>Home</p>"), renders("*", "/old/", "<p>Post</p>");
  }

  void activeTheme(const std::string& name, std::string age = "60000000", bool isPrivate = false) {
    source_.reply(kThemeSql, {{"active_theme", name, "2026-01-01 00:00:00", age},
                              {"is_private", isPrivate ? "true" : "false", "", ""}});
  }
  void custom(std::vector<Row> rows) { source_.reply(kCustomSql, std::move(rows)); }
  void folder(const std::string& theme, std::size_t size) {
    const std::string base = "themes/" + theme + "/";
    dir_.files[base + "assets/a.css"] = std::string(size, 'x');
    dir_.files[base + "package.json"] = "{}";
    dir_.files[base + "index.hbs"] = "{{!< default}}<p>Home</p>";
    dir_.files[base + "post.hbs"] = "{{!< default}}<p>Post</p>";
    dir_.files[base + "default.hbs"] = "<body>{{{body}}}</body>";
  }
  void serves(const std::string& pod, int size) {
    pods_.answer(pod, "/assets/a.css", 200, "",
                 {{"etag", fmt::format("W/\"{:x}-7438674ba0\"", size)}});
  }
  void renders(const std::string& pod, const std::string& path, std::string_view body) {
    pods_.answer(pod, path, 200, page(body));
  }

  void noPodServesFiles() {
    for (const char* pod : {"a", "b", "c"}) pods_.answer(pod, "/assets/a.css", 404);
  }

  Result<Outcome> tryRun(Trigger trigger = Trigger::kOnce) {
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .content = content_,
                               .dir = folder_,
                               .adminKey = adminKey_,
                               .trigger = trigger,
                               .deadline = Deadline(MonoTime(1h))};
    return check_->run(context);
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    auto outcome = tryRun(trigger);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : Outcome{};
  }
  // "RC543 b"
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(std::string(finding.def->code) + " " + finding.pod);
    std::ranges::sort(lines);
    return lines;
  }
  std::size_t rendered() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        pods_.asked, [](const auto& one) { return one.path == "/" || one.path == "/old/"; }));
  }

  Topology topology_;
  Site site_;
  PassingClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  ContentSource* content_ = &source_;
  FakeDir dir_;
  ContentDir* folder_ = &dir_;
  std::string adminKey_;
  std::unique_ptr<Check> check_;
};

TEST_F(ThemeCheckTest, SaysNothingOfAHealthySite) {
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ThemeCheckTest, RC541TellsAnEmptyVolumeAndHowToFillIt) {
  activeTheme("source");
  noPodServesFiles();
  dir_.files = {{"themes/", ""}};
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC541 "));
  EXPECT_THAT(outcome.findings[0].cause, HasSubstr("empty volume"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("init container"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("kubectl exec"));
  activeTheme("mine");
  const Outcome own = run();
  ASSERT_THAT(claims(own), ElementsAre("RC541 "));
  EXPECT_THAT(own.findings[0].remedy, HasSubstr("upload the theme \"mine\" again"));
  EXPECT_THAT(own.findings[0].remedy, HasSubstr("init container"));
}

TEST_F(ThemeCheckTest, RC541TellsALinkToNowhereAndAThemeThatWasRemoved) {
  activeTheme("gone");
  noPodServesFiles();
  EXPECT_THAT(claims(run()), ElementsAre("RC541 "));
  dir_.dangling = {"themes/gone"};
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC541 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("link to nowhere"));
}

TEST_F(ThemeCheckTest, RC541IsNotClaimedWhenTheThemeIsBackAtTheSecondLook) {
  const auto kept = dir_.files;
  noPodServesFiles();
  dir_.files = {{"themes/", ""}};
  clock_.asleep = [&] { dir_.files = kept; };
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration(5s));
}

TEST_F(ThemeCheckTest, ALinkOutOfTheFolderIsNotMissingWhileThePodsServeTheTheme) {
  activeTheme("source");
  dir_.dangling = {"themes/source"};
  Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("the pods have it")));
  serves("b", 200);
  EXPECT_THAT(claims(run()), ElementsAre("RC544 ")) << "then pods are compared among themselves";
  // In private mode no pod says anything.
  activeTheme("source", "60000000", true);
  for (const char* pod : {"a", "b", "c"})
    for (const char* path : {"/", "/old/", "/assets/a.css"})
      pods_.answer(pod, path, 302, "", {{"location", "https://e.org/private/?r=%2F"}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, RC541TellsAMissingThemeWhenEveryPageFails) {
  activeTheme("source");
  dir_.dangling = {"themes/source"};
  for (const char* pod : {"a", "b", "c"}) pods_.failAll(pod, ErrorCode::kUnavailable);
  for (const char* path : {"/", "/old/"}) pods_.answer("*", path, 404);
  for (const char* pod : {"a", "b", "c"}) pods_.answer(pod, "/", 500);
  EXPECT_THAT(claims(run()), ElementsAre("RC541 "));
}

TEST_F(ThemeCheckTest, RC542NamesTheFilesThatAreMissing) {
  dir_.files.erase("themes/mine/package.json");
  dir_.files.erase("themes/mine/post.hbs");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC542 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("package.json, post.hbs"));
}

TEST_F(ThemeCheckTest, RC543NamesThePodAndTheThemeItServes) {
  serves("b", 200);
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC543 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("but other"));
  EXPECT_THAT(outcome.findings[0].remedy, HasSubstr("kubectl delete pod b"));
  EXPECT_EQ(clock_.slept, Duration::zero()) << "the change has a date";
}

TEST_F(ThemeCheckTest, RC543TellsAPodThatHasNoSuchFile) {
  pods_.answer("c", "/assets/a.css", 404);
  EXPECT_THAT(claims(run()), ElementsAre("RC543 c"));
  pods_.answer("c", "/assets/a.css", 301, "", {{"location", "/assets/a.css/"}});
  EXPECT_THAT(claims(run()), ElementsAre("RC543 c"));
}

TEST_F(ThemeCheckTest, RC543WaitsForAChangeToSettle) {
  serves("b", 200);
  activeTheme("mine", "1000000");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("not judged yet")));
  EXPECT_EQ(outcome.again, Duration(4s));
}

TEST_F(ThemeCheckTest, RC543IsNotClaimedWhenTheDatabaseChangedMeanwhile) {
  pods_.answer("b", "/assets/a.css", [this](const PodRequest&) -> Result<HttpResponse> {
    activeTheme("other", "0");
    HttpResponse response;
    response.status = 200;
    response.headers = {{"etag", "W/\"c8-1\""}};
    return response;
  });
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, DoesNotMindOtherTimesOfTheSameFile) {
  pods_.answer("b", "/assets/a.css", 200, "", {{"etag", "W/\"64-1\""}});
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, AFolderThatIsNotThePodsOwnAccusesNobody) {
  for (const char* pod : {"a", "b", "c"}) serves(pod, 333);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("is that folder the pods' own?")));
}

TEST_F(ThemeCheckTest, RC544GroupsThePodsWhenNothingProvesWhoIsRight) {
  folder_ = nullptr;
  serves("b", 200);
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC544 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("(a, c) (b)"));
  EXPECT_EQ(outcome.findings[0].evidence.at("b"), "200 bytes");
}

TEST_F(ThemeCheckTest, WithoutTheFolderAPodThatStartedSinceIsRight) {
  folder_ = nullptr;
  serves("b", 200);
  topology_.pods[1].startedAt = WallTime(std::chrono::hours(24 * 365 * 57));
  EXPECT_THAT(claims(run()), ElementsAre("RC543 a", "RC543 c"));
}

TEST_F(ThemeCheckTest, RC545NamesPodsThatLackWhatTheTemplatesPrint) {
  dir_.files["themes/mine/post.hbs"] = "{{!< default}}{{#post}}<p>Post</p><i>new</i>{{/post}}";
  renders("a", "/old/", "<p>Post</p><i>new</i>");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC545 b", "RC545 c"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("/old/"));
  EXPECT_EQ(clock_.slept, Duration(5s));
}

TEST_F(ThemeCheckTest, RC546TellsPagesThatDiffer) {
  renders("a", "/", "<p>Home</p><i>new</i>");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC546 "));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("(a) (b, c)"));
}

TEST_F(ThemeCheckTest, RC546IsNotClaimedWhenItPassesByItself) {
  renders("a", "/", "<p>Home</p><i>new</i>");
  clock_.asleep = [&] { renders("a", "/", "<p>Home</p>"); };
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, APageThatIsAnotherOneEachTimeIsNoDifference) {
  int times = 0;
  pods_.answer("a", "/", [&](const PodRequest&) -> Result<HttpResponse> {
    HttpResponse response;
    response.status = 200;
    response.body = page(fmt::format("<p>{}</p>", std::string(++times, 'x')));
    return response;
  });
  EXPECT_THAT(claims(run()), IsEmpty());
  EXPECT_GE(times, 2);
}

TEST_F(ThemeCheckTest, SettingsTiersAndListsExplainADifference) {
  renders("a", "/old/", "<p>Post</p><i>new</i>");
  pods_.answer("a", kSettingsPath, 200, "{\"settings\":{\"title\":\"x\"}}");
  Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("settings or tiers differ as well")));
  pods_.answer("a", kSettingsPath, 200, "{\"settings\":{}}");
  pods_.answer("b", kTiersPath, 200, "{\"tiers\":[1]}");
  EXPECT_THAT(claims(run()), IsEmpty());
  renders("a", "/old/", "<p>Post</p>");
  renders("a", "/", "<p>Home</p><p>Another post</p><a href='/another/'>");
  outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("list other addresses")));
}

TEST_F(ThemeCheckTest, WithoutAContentKeyADifferenceIsANote) {
  source_.key.reset();
  renders("a", "/old/", "<p>Post</p><i>new</i>");
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("is not known")));
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(ThemeCheckTest, ATemplateOfTheRoutesIsNoDifference) {
  dir_.files["settings/routes.yaml"] = "collections:\n  /:\n    template: mine\n";
  renders("a", "/", "<p>Mine</p>");
  EXPECT_THAT(claims(run()), IsEmpty());
  dir_.files["settings/routes.yaml"] =
      "collections:\n  /:\n    permalink: /{slug}/\n    template: index\n";
  EXPECT_THAT(claims(run()), Not(IsEmpty()));
}

TEST_F(ThemeCheckTest, PodsOfAnotherVersionAreNotCompared) {
  pods_.answer("a", "/", 200, "<meta name=generator content='Ghost 6.66'><p>Other</p>");
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, RC547NamesPodsThatDoNotShowTheValueInTheDatabase) {
  custom({{"heading", "text", "Welcome back"}});
  renders("a", "/old/", "<p>Post</p><h1>Welcome back</h1>");
  EXPECT_THAT(claims(run()), ElementsAre("RC547 b", "RC547 c"));
}

TEST_F(ThemeCheckTest, RC547NamesTheSettingsThatAStaffTokenReads) {
  adminKey_ = "6b0785f72955b418707a8296:6f3085263d43dc3b5bcf0992f7c80779";
  custom({{"layout", "select", "Stacked"}, {"show", "boolean", "true"}});
  const auto say = [&](const std::string& pod, const std::string& layout) {
    pods_.answer(pod, kCustomPath, 200,
                 "{\"custom_theme_settings\":[{\"key\":\"layout\",\"value\":\"" + layout +
                     "\"},{\"key\":\"show\",\"value\":true},{\"key\":\"new\",\"value\":null}]}");
  };
  say("a", "Stacked"), say("b", "Left"), say("c", "Stacked");
  const Outcome outcome = run();
  ASSERT_THAT(claims(outcome), ElementsAre("RC547 b"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("layout"));
}

TEST_F(ThemeCheckTest, AnIntegrationsKeyIsANote) {
  adminKey_ = "6b0785f72955b418707a8296:6f3085263d43dc3b5bcf0992f7c80779";
  for (const int status : {501, 403}) {
    pods_.answer("*", kCustomPath, status);
    const Outcome outcome = run();
    EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("staff access token")));
    EXPECT_THAT(outcome.gaps, IsEmpty());
  }
}

TEST_F(ThemeCheckTest, WithoutTheRightToCustomSettingsItSaysSo) {
  source_.refuse(kCustomSql, ErrorCode::kPermissionDenied);
  const Outcome outcome = run();
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("GRANT SELECT")));
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(ThemeCheckTest, WithoutADatabaseThePodsAreStillCompared) {
  content_ = nullptr;
  serves("b", 200);
  EXPECT_THAT(claims(run()), ElementsAre("RC544 "));
}

TEST_F(ThemeCheckTest, ADatabaseThatFailsIsAnError) {
  source_.error = Error{ErrorCode::kUnavailable, "gone"};
  EXPECT_FALSE(tryRun());
}

TEST_F(ThemeCheckTest, AFolderThatCannotBeReadIsAGap) {
  dir_.error = Error{ErrorCode::kDeadlineExceeded, "hangs"};
  const Outcome outcome = run();
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "");
  EXPECT_THAT(claims(outcome), IsEmpty());
}

TEST_F(ThemeCheckTest, APodThatCannotBeAskedIsAGapAndNotBlamed) {
  serves("b", 200);
  pods_.answer("b", "/assets/a.css", 503), pods_.answer("b", "/", 503);
  pods_.answer("b", "/old/", 503);
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].pod, "b");
}

TEST_F(ThemeCheckTest, APodWhoseThemeIsMissingOrBrokenIsTheBusinessOfPods) {
  for (const int status : {500, 400}) {
    pods_.answer("b", "/assets/a.css", 404);
    pods_.answer("b", "/", status), pods_.answer("b", "/old/", status);
    EXPECT_THAT(claims(run()), IsEmpty()) << status;
  }
}

TEST_F(ThemeCheckTest, NeitherAsksNorBlamesPodsThatAreLeavingOrNotReady) {
  serves("b", 200), serves("c", 200);
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  EXPECT_THAT(claims(run()), IsEmpty());
}

TEST_F(ThemeCheckTest, APrivateSiteIsNotCompared) {
  activeTheme("mine", "60000000", true);
  for (const char* path : {"/", "/old/", "/assets/a.css"})
    pods_.answer("b", path, 302, "", {{"location", "https://e.org/private/?r=%2F"}});
  const Outcome outcome = run();
  EXPECT_THAT(claims(outcome), IsEmpty());
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("private")));
}

TEST_F(ThemeCheckTest, TheDaemonRendersOnePageInEverySecondRunAndClaimsAfterTheWindow) {
  run(Trigger::kInterval), run(Trigger::kInterval);
  pods_.asked.clear();
  for (int i = 0; i < 4; ++i) run(Trigger::kInterval);
  EXPECT_EQ(rendered(), 3u * 2u) << "three pods, two pages in turn";
  renders("a", "/", "<p>Home</p><i>new</i>");
  Outcome seen;
  for (int i = 0; i < 4 && !seen.again; ++i) seen = run(Trigger::kInterval);
  EXPECT_THAT(claims(seen), IsEmpty());
  EXPECT_EQ(seen.again, Duration(5s));
  clock_.advance(5s);
  EXPECT_THAT(claims(run(Trigger::kInterval)), ElementsAre("RC546 "));
  renders("a", "/", "<p>Home</p>");
  EXPECT_THAT(claims(run(Trigger::kInterval)), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration::zero());
}

TEST_F(ThemeCheckTest, TheDaemonLooksAtAllPagesWhenTheDatabaseChanged) {
  run(Trigger::kInterval), run(Trigger::kInterval), run(Trigger::kInterval);
  custom({{"layout", "select", "Stacked"}});
  EXPECT_TRUE(run(Trigger::kInterval).again);
  pods_.asked.clear();
  run(Trigger::kInterval);
  EXPECT_EQ(rendered(), 3u * 2u);
}

}  // namespace
}  // namespace rollcall::checks
