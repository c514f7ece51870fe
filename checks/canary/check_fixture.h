// Three pods on one volume, for the tests of the check.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checks/canary/upload.h"
#include "daemon/core/registry.h"
#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {

const CheckSpec& canarySpec();

namespace canary {

using namespace std::chrono_literals;
using testing_support::FakeContentDir;
using testing_support::FakePodClient;
using testing_support::PatientClock;

inline constexpr const char* kSite = "/ghost/api/admin/site/";
inline constexpr const char* kUploadPath = "/ghost/api/admin/images/upload/";

class CanaryTest : public testing::Test {
 protected:
  using Answer = Result<HttpResponse>;

  void SetUp() override {
    site_.url = site_.admin = *parseUrl("https://e.org");
    dir_.now = clock_.wall();
    dir_.makeFolder("images");
    other_ = dir_;
    for (const char* name : {"a", "b", "c"}) {
      topology_.pods.push_back({.name = name, .host = name});
      volumes_[name] = &dir_;
      answersAsGhost(name);
    }
    make();
  }

  void make(std::map<std::string, ParamValue> params = {}) {
    std::vector<std::string> problems;
    check_ = canarySpec().make(Params::parse(canarySpec().params, params, "", problems));
    ASSERT_THAT(problems, testing::IsEmpty());
  }

  static HttpResponse response(int status, std::string body = "",
                               std::string type = "text/plain; charset=utf-8") {
    HttpResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = {{"content-type", std::move(type)}};
    return answer;
  }

  void answersAsGhost(const std::string& pod) {
    pods_.answerAll(pod, [this, pod](const PodRequest& request) { return ghost(pod, request); });
  }
  // What `how` does not answer is answered as Ghost does.
  void answers(const std::string& pod,
               std::function<std::optional<Answer>(const PodRequest&)> how) {
    pods_.answerAll(pod, [this, pod, how](const PodRequest& request) {
      const auto answer = how(request);
      return answer ? *answer : ghost(pod, request);
    });
  }
  // All of its images.
  void answersImages(const std::string& pod, Answer answer) {
    answers(pod, [answer](const PodRequest& request) -> std::optional<Answer> {
      if (request.path.starts_with("/content/images/")) return answer;
      return std::nullopt;
    });
  }

  Answer ghost(const std::string& pod, const PodRequest& request) {
    FakeContentDir& volume = *volumes_.at(pod);
    const std::string path = request.path.substr(0, request.path.find('?'));
    if (path == kSite)
      return response(200, R"({"site":{"title":"T","url":"https://e.org","version":"6.65"}})",
                      "application/json");
    if (path == kUploadPath) return store(volume, request);
    if (!path.starts_with("/content/")) return response(404);
    const auto file = volume.file(path.substr(9), 1 << 20, deadline_);
    if (!file) return response(404, "Image not found");
    HttpResponse served = response(200, file->text);
    const auto changed = file->changed.value_or(WallTime{}).time_since_epoch();
    served.headers.emplace_back("etag",
                                fmt::format("W/\"{:x}-{:x}\"", file->text.size(), changed.count()));
    return served;
  }
  Answer store(FakeContentDir& volume, const PodRequest& request) {
    uploads_.push_back(request);
    constexpr std::string_view kFile = "filename=\"";
    const auto at = request.body.find(kFile) + kFile.size();
    const std::string name = request.body.substr(at, request.body.find('"', at) - at);
    const auto begin = request.body.find("\r\n\r\n") + 4;
    volume.write("images/2026/11/" + name, request.body.substr(begin, kUploadBytes), dir_.now);
    return response(
        201,
        fmt::format(R"({{"images":[{{"url":"https://e.org/content/images/2026/11/{}"}}]}})", name),
        "application/json");
  }

  Outcome run(Trigger trigger = Trigger::kInterval, std::stop_token stop = {}) {
    return testing_support::expectOutcome(
        check_->run({.topology = topology_,
                     .site = site_,
                     .clock = clock_,
                     .pods = pods_,
                     .dir = volume_,
                     .adminKey = key_,
                     .trigger = trigger,
                     .deadline = Deadline::after(clock_, patience_),
                     .stop = stop}));
  }
  static std::vector<std::string> codes(const Outcome& outcome) {
    return testing_support::codesOf(outcome);
  }
  static std::vector<std::string> gaps(const Outcome& outcome) {
    std::vector<std::string> gaps;
    for (const Gap& one : outcome.gaps) gaps.push_back(one.pod + ": " + one.why.message);
    return gaps;
  }
  // What is on a volume below images, folders included.
  std::vector<std::string> left(FakeContentDir& volume, const std::string& folder = "images") {
    std::vector<std::string> names;
    const auto entries = volume.list(folder, deadline_);
    for (const FolderEntry& entry : entries ? *entries : std::vector<FolderEntry>{})
      names.push_back(entry.name);
    return names;
  }
  std::size_t asked(const std::string& pod) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(pods_.asked, [&](const auto& one) { return one.pod == pod; }));
  }

  Topology topology_;
  Site site_;
  PatientClock clock_{WallTime(1'700'000'000'000ms)};
  FakePodClient pods_;
  FakeContentDir dir_;
  FakeContentDir other_;                            // another volume
  std::map<std::string, FakeContentDir*> volumes_;  // by pod
  ContentDir* volume_ = &dir_;
  std::string key_ = "abc:00ff";
  Duration patience_ = 55s;
  Deadline deadline_{MonoTime(1h)};
  std::vector<PodRequest> uploads_;
  std::unique_ptr<Check> check_;
};

}  // namespace canary
}  // namespace rollcall::checks
