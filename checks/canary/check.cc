// The canary: what is put on the content volume is seen through every pod.
#include "daemon/core/check.h"

#include <utility>

#include "checks/canary/codes.h"
#include "checks/canary/run.h"
#include "checks/canary/write_through.h"

namespace rollcall::checks {
namespace canary {
namespace {

using namespace std::chrono_literals;

const std::vector<ParamDef> kParams = {
    {"write_through_pods", false,
     "also upload an icon of 70 bytes through each pod and fetch it through all others; needs an "
     "Admin API key, and without a content folder the files stay"},
    {"write_through_interval", Duration(1h), "how often the daemon does that",
     Duration(kSoonestRound)},
};

class CanaryCheck final : public Check {
 public:
  explicit CanaryCheck(const Params& params)
      : writesThrough_(params.flag("write_through_pods")),
        writeThrough_(params.duration("write_through_interval")) {}

  Result<Outcome> run(const CheckContext& context) override;

 private:
  Outcome lookThroughVolume(const CheckContext& context);

  const bool writesThrough_;
  Kept kept_;
  WriteThrough writeThrough_;
};

Outcome CanaryCheck::lookThroughVolume(const CheckContext& context) {
  if (context.dir) return Run(kept_, context).run();
  Outcome outcome;
  outcome.notApplicable = "no content folder is configured (content.path)";
  return outcome;
}

// What cannot be looked at through the volume may still be through the pods.
Result<Outcome> CanaryCheck::run(const CheckContext& context) {
  Outcome outcome = lookThroughVolume(context);
  if (!writesThrough_) return outcome;
  if (outcome.notApplicable)
    outcome.notes.push_back(*std::exchange(outcome.notApplicable, std::nullopt));
  writeThrough_.run(context, outcome);
  return outcome;
}

}  // namespace
}  // namespace canary

const CheckSpec& canarySpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "canary",
      .summary = "what is put on the content volume is seen through every pod",
      .needs = {Need::kPods, Need::kLead},
      .interval = 60s,
      .timeout = 55s,
      .onChange = false,
      .findings = canary::findings(),
      .params = canary::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<canary::CanaryCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
