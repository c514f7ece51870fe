// Checks that do what a test says, for the tests of this folder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/core/check.h"
#include "daemon/net/pod_client.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::testing_support {

class ScriptedCheck final : public Check {
 public:
  using Script = std::function<Result<Outcome>(const CheckContext&)>;
  explicit ScriptedCheck(Script script) : script_(std::move(script)) {}
  Result<Outcome> run(const CheckContext& context) override { return script_(context); }

 private:
  Script script_;
};

inline const FindingDef& warning() {
  static const FindingDef kDef{"RC901", Severity::kWarning, "a warning", "", ""};
  return kDef;
}
inline const FindingDef& critical() {
  static const FindingDef kDef{"RC902", Severity::kCritical, "a critical thing", "", ""};
  return kDef;
}

inline Finding find(const FindingDef& def, std::string pod, std::string id = "") {
  Finding finding;
  finding.def = &def;
  finding.pod = std::move(pod);
  if (!id.empty()) finding.resource = ResourceRef{"post", std::move(id), "", ""};
  return finding;
}

inline Topology podsNamed(const std::vector<std::string>& names) {
  Topology topology;
  for (const std::string& name : names) {
    Pod pod;
    pod.name = name;
    pod.host = "127.0.0.1";
    topology.pods.push_back(pod);
  }
  return topology;
}

// What the checks of scriptedSpec() do, by the check's name. Set before anything runs.
inline std::map<std::string, ScriptedCheck::Script, std::less<>>& scripts() {
  static std::map<std::string, ScriptedCheck::Script, std::less<>> table;
  return table;
}

inline CheckSpec specFor(std::string_view name) {
  CheckSpec spec;
  spec.name = name;
  spec.summary = "a check of a test";
  spec.interval = std::chrono::seconds(10);
  spec.timeout = std::chrono::seconds(5);
  spec.onChange = false;
  spec.params = {{"script", std::string(name), "which script the check follows"}};
  spec.make = [](const Params& params) -> std::unique_ptr<Check> {
    return std::make_unique<ScriptedCheck>(scripts().at(params.text("script")));
  };
  return spec;
}

// Every check of `specs` switched on with its defaults.
inline Config configFor(const std::vector<const CheckSpec*>& specs) {
  Config config;
  for (const CheckSpec* spec : specs)
    config.checks.emplace(spec->name,
                          CheckConfig{true, spec->interval, spec->timeout, Params(spec->params)});
  return config;
}

// Answers what the test puts in; may be called from any thread.
class FakePodSource final : public PodSource {
 public:
  explicit FakePodSource(Result<Topology> answer) : answer_(std::move(answer)) {}
  Result<Topology> pods(Deadline) override {
    std::lock_guard lock(mutex_);
    return answer_;
  }
  void set(Result<Topology> answer) {
    std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

 private:
  std::mutex mutex_;
  Result<Topology> answer_;
};

}  // namespace rollcall::testing_support
