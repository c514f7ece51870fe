// A healthy site of three pods whose theme is "mine", for the tests of the check.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {

const CheckSpec& themeSpec();

namespace theme {

using namespace std::chrono_literals;
using testing_support::FakeContentDir;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

inline constexpr const char* kThemeSql = "'active_theme', 'is_private'";
inline constexpr const char* kCustomSql = "FROM custom_theme_settings";
inline constexpr const char* kPostSql = "custom_template IS NULL";
inline constexpr const char* kSettingsPath = "/ghost/api/content/settings/?key=k";
inline constexpr const char* kTiersPath = "/ghost/api/content/tiers/?key=k";
inline constexpr const char* kCustomPath = "/ghost/api/admin/custom_theme_settings/";

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
    runsGhost("*", "6.65");
    renders("*", "/", "<p>Home</p>"), renders("*", "/old/", "<p>Post</p>");
  }

  void activeTheme(const std::string& name, std::string age = "60000000", bool isPrivate = false) {
    source_.reply(kThemeSql, {{"active_theme", name, "2026-01-01 00:00:00", age},
                              {"is_private", isPrivate ? "true" : "false", "", ""}});
  }
  void custom(std::vector<Row> rows) { source_.reply(kCustomSql, std::move(rows)); }
  void folder(const std::string& theme, std::size_t size) {
    const std::string base = "themes/" + theme + "/";
    dir_.write(base + "assets/a.css", std::string(size, 'x'));
    dir_.write(base + "package.json", "{}");
    dir_.write(base + "index.hbs", "{{!< default}}<p>Home</p>");
    dir_.write(base + "post.hbs", "{{!< default}}<p>Post</p>");
    dir_.write(base + "default.hbs", "<body>{{{body}}}</body>");
  }
  static std::string page(std::string_view body) {
    return fmt::format(
        "<html><head><meta name=\"generator\" content=\"Ghost 6.65\">"
        "<link rel=stylesheet href=\"/assets/a.css?v=1\"></head><body>{}</body></html>",
        body);
  }
  void serves(const std::string& pod, int size) {
    pods_.answer(pod, "/assets/a.css", 200, "",
                 {{"etag", fmt::format("W/\"{:x}-7438674ba0\"", size)}});
  }
  void runsGhost(const std::string& pod, std::string_view version) {
    pods_.answer(pod, "/ghost/api/admin/site/", 200,
                 fmt::format(R"({{"site":{{"title":"t","url":"https://e.org/","version":"{}"}}}})",
                             version));
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
                               .deadline = deadline_};
    return check_->run(context);
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    return testing_support::expectOutcome(tryRun(trigger));
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
  PatientClock clock_;
  Deadline deadline_{MonoTime(1h)};
  FakePodClient pods_;
  FakeContentSource source_;
  ContentSource* content_ = &source_;
  FakeContentDir dir_;
  ContentDir* folder_ = &dir_;
  std::string adminKey_;
  std::unique_ptr<Check> check_;
};

}  // namespace theme
}  // namespace rollcall::checks
