// What readers get from the CDN, against what every pod says.
#include "daemon/core/check.h"

#include "checks/edge/codes.h"
#include "checks/edge/run.h"

namespace rollcall::checks {
namespace edge {
namespace {

class EdgeCheck final : public Check {
 public:
  explicit EdgeCheck(const Params& params) : settings_(params) {}
  Result<Outcome> run(const CheckContext& context) override {
    return Run(settings_, memory_, context).run();
  }

 private:
  const Settings settings_;
  Memory memory_;
};

}  // namespace
}  // namespace edge

const CheckSpec& edgeSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "edge",
      .summary = "readers get from the CDN what every pod serves",
      .needs = {Need::kPods, Need::kLead},
      .interval = 5min,
      .timeout = 60s,
      .onChange = false,
      .findings = edge::findings(),
      .params = edge::paramDefs(),
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<edge::EdgeCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
