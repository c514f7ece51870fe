// A site of three pods as the check `routes` meets it, for its tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/check.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& routesSpec();
namespace routes::testing_fixture {

using namespace std::chrono_literals;
using testing_support::FakeContentDir;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

inline constexpr WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};
inline constexpr const char* kFile = "settings/routes.yaml";
inline constexpr const char* kDownload = "/ghost/api/admin/settings/routes/yaml/";
inline constexpr const char* kBlog =
    "routes:\n  /features/: index\ncollections:\n  /blog/:\n    permalink: /blog/{slug}/\n"
    "    template: index\n"
    "taxonomies:\n  tag: /tag/{slug}/\n  author: /author/{slug}/\n";

class RoutesCheckTest : public testing::Test {
 protected:
  RoutesCheckTest() {
    dir_.makeFolder("settings");
    topology_.pods = {pod("pod-1"), pod("pod-2"), pod("pod-3")};
    site_.url = site_.admin = *parseUrl("https://example.com");
    database_.add(ResourceType::kPage, "9", "about", kNow);
    database_.reply("is_private", {{"false"}});
    database_.reply("type = 'page'", {{"about"}});
    database_.reply("routes_hash", {});
    for (const Pod& one : topology_.pods) byDefaults(one.name);
  }
  static Pod pod(const std::string& name) {
    Pod made;
    made.name = made.host = name;
    return made;
  }
  static std::string sitemap(const std::vector<std::string>& paths) {
    std::string xml = "<urlset>";
    for (const std::string& path : paths)
      xml += "<url><loc>https://example.com" + path + "</loc></url>";
    return xml + "</urlset>";
  }
  void lists(const std::string& pod, const std::vector<std::string>& pages,
             const std::vector<std::string>& posts) {
    pods_.answer(pod, "/sitemap-pages.xml", 200, sitemap(pages));
    pods_.answer(pod, "/sitemap-posts.xml", 200, sitemap(posts));
    pods_.answer(pod, "/sitemap-tags.xml", 200, sitemap({"/tag/news/"}));
    pods_.answer(pod, "/sitemap-authors.xml", 200, sitemap({"/author/olive/"}));
    for (const char* path : {"/", "/blog/", "/features/", "/hello/", "/blog/hello/"})
      pods_.answer(pod, path, 404);
    for (const std::string& path : pages) pods_.answer(pod, path, 200);
    for (const std::string& path : posts) pods_.answer(pod, path, 200);
  }
  void byDefaults(const std::string& pod) { lists(pod, {"/", "/about/"}, {"/hello/"}); }
  void byBlog(const std::string& pod) {
    lists(pod, {"/blog/", "/features/", "/about/"}, {"/blog/hello/"});
  }
  void file(const std::string& text, Duration age = 1h) {
    dir_.write(kFile, text,
               clock_.wall() - std::chrono::duration_cast<std::chrono::milliseconds>(age));
  }
  CheckContext context() {
    return {.topology = topology_,
            .site = site_,
            .clock = once_ ? static_cast<const Clock&>(passing_) : clock_,
            .pods = *client_,
            .content = content_,
            .dir = useDir_ ? &dir_ : nullptr,
            .adminKey = adminKey_,
            .trigger = once_ ? Trigger::kOnce : Trigger::kInterval,
            .deadline =
                Deadline::after(once_ ? static_cast<const Clock&>(passing_) : clock_, patience_)};
  }
  Result<Outcome> tryRun() {
    if (!check_) check_ = routesSpec().make(Params(routesSpec().params));
    return check_->run(context());
  }
  Outcome run() { return testing_support::expectOutcome(tryRun()); }
  static std::vector<std::pair<std::string, std::string>> found(const Outcome& outcome) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Finding& one : outcome.findings) all.emplace_back(one.def->code, one.pod);
    return all;
  }
  std::size_t rendered() {
    std::size_t count = 0;
    for (const auto& one : pods_.asked) count += one.path.find(".xml") == std::string::npos;
    return count;
  }

  ManualClock clock_{kNow};
  PatientClock passing_{kNow};
  bool once_ = false;  // a one-shot run, by the clock whose pauses take no time
  Duration patience_ = 1h;
  Topology topology_;
  Site site_;
  FakePodClient pods_;
  PodClient* client_ = &pods_;
  FakeContentSource database_;
  FakeContentDir dir_;
  ContentSource* content_ = &database_;
  bool useDir_ = true;
  std::string adminKey_;
  std::unique_ptr<Check> check_;
};

}  // namespace routes::testing_fixture
}  // namespace rollcall::checks
