// Three pods, a database and a content folder of what a test puts into them.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& imagesSpec();

namespace images {

using namespace std::chrono_literals;

inline constexpr const char* kPng = "images/2026/a.png";
inline const WallTime kNow{std::chrono::hours(500'000)};

inline std::optional<std::string> text(const std::string& value) {
  return value;
}

// Three pods with one content folder; the post "hello" shows images/2026/a.png.
class ImagesTest : public testing::Test {
 protected:
  ImagesTest() {
    for (const char* name : {"a", "b", "c"}) topology_.pods.push_back({.name = name});
    site_.url = site_.admin = *parseUrl("https://e.org");
    settings();
    rows("FROM tags", {});
    rows("FROM users", {});
    posts({post("p1", "hello", kPng)});
    put(kPng);
  }

  static Row post(const std::string& id, const std::string& slug, const std::string& picture,
                  const std::string& html = "", const std::string& updated = "2026-01-01 09:00:00",
                  const std::string& age = "3600000000") {
    const std::string address = picture.empty() ? "" : "__GHOST_URL__/content/" + picture;
    return {text(id),   text(updated), text(age),    text("post"),
            text(slug), text(address), std::nullopt, text(html)};
  }
  static Row draft(const std::string& id) {
    return {text(id), text("2026-01-01 09:00:00"), text("3600000000"), text("post"), {}, {}, {},
            {}};
  }
  // What all questions about posts are answered; the fake does not look at ids.
  void posts(std::vector<Row> rows) {
    source_.reply("FROM posts JOIN", rows);
    source_.reply("FROM posts WHERE id IN", rows);
    source_.reply("FROM posts ORDER BY id", rows);
    source_.reply("FROM posts WHERE id >", {});
  }
  void rows(const std::string& part, std::vector<Row> rows) {
    source_.reply(part, std::move(rows));
  }
  void settings(const std::vector<std::pair<std::string, std::string>>& values = {}) {
    std::vector<Row> rows;
    for (const auto& [key, value] : values)
      rows.push_back({text(key),
                      text("2026-01-01 09:00:00"),
                      text("3600000000"),
                      text("setting"),
                      text(key),
                      text(value),
                      {},
                      {}});
    source_.reply("FROM settings", rows);
  }

  static std::string bytesOf(std::size_t size) { return std::string(size, 'x'); }
  // On the volume and on all pods.
  void put(const std::string& path, std::size_t size = 100, WallTime changed = kNow - 1h) {
    dir_.write(path, bytesOf(size), changed);
    for (const Pod& pod : topology_.pods) serves(pod.name, path, size, changed);
  }
  void serves(const std::string& pod, const std::string& path, std::size_t size = 100,
              WallTime changed = kNow - 1h) {
    pods_.answer(
        pod, "/content/" + path, 206, "x",
        {{"content-range", fmt::format("bytes 0-0/{}", size)},
         {"etag", fmt::format("W/\"{:x}-{:x}\"", size, changed.time_since_epoch().count())}});
  }
  void answers(const std::string& pod, const std::string& path, int status) {
    pods_.answer(pod, "/content/" + path, status);
  }
  void remove(const std::string& path) {
    dir_.remove(path);
    for (const Pod& pod : topology_.pods) answers(pod.name, path, 404);
  }

  Result<Outcome> tryRun(Trigger trigger) {
    return check_->run({.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .content = &source_,
                        .dir = mounted_ ? &dir_ : nullptr,
                        .leads = leads_,
                        .trigger = trigger,
                        .deadline = deadline_});
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    return testing_support::expectOutcome(tryRun(trigger));
  }
  static std::vector<std::string> codes(const Outcome& outcome) {
    std::vector<std::string> codes;
    for (const Finding& one : outcome.findings)
      codes.push_back(fmt::format("{}{}{}{}{}", one.def->code, one.pod.empty() ? "" : " ", one.pod,
                                  one.resource ? " of " : "",
                                  one.resource ? one.resource->slug : ""));
    return codes;
  }
  std::size_t asked(const std::string& pod, const std::string& path) const {
    return static_cast<std::size_t>(std::ranges::count_if(pods_.asked, [&](const auto& one) {
      return one.pod == pod && one.path == "/content/" + path;
    }));
  }
  std::string everythingSaid(const Outcome& outcome) const {
    std::string said;
    for (const Finding& one : outcome.findings) {
      said += one.message + one.cause + one.remedy + one.reproduce;
      for (const auto& [key, value] : one.evidence) said += value;
    }
    for (const std::string& note : outcome.notes) said += note;
    for (const Gap& gap : outcome.gaps) said += gap.what + gap.why.message;
    return said;
  }

  Topology topology_;
  Site site_;
  testing_support::PatientClock clock_{kNow};
  testing_support::FakePodClient pods_;
  testing_support::FakeContentSource source_;
  testing_support::FakeContentDir dir_;
  bool mounted_ = true;
  bool leads_ = true;
  Deadline deadline_{MonoTime(1h)};
  std::unique_ptr<Check> check_ = imagesSpec().make(Params(imagesSpec().params));
};

}  // namespace images
}  // namespace rollcall::checks
