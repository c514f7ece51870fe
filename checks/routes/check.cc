// routes.yaml: every pod routes by the file as it is.
#include "daemon/core/check.h"

#include "checks/routes/run.h"
#include "checks/routes/wording.h"

namespace rollcall::checks {
namespace routes {
namespace {

class RoutesCheck final : public Check {
 public:
  Result<Outcome> run(const CheckContext& context) override { return Run(kept_, context).run(); }

 private:
  Kept kept_;
};

const std::vector<ParamDef> kParams = {};

}  // namespace
}  // namespace routes

const CheckSpec& routesSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "routes",
      .summary = "every pod routes by routes.yaml as it is",
      .needs = {Need::kPods},
      .interval = 60s,
      .timeout = 30s,
      .onChange = false,
      .findings = routes::findings(),
      .params = routes::kParams,
      .make = [](const Params&) -> std::unique_ptr<Check> {
        return std::make_unique<routes::RoutesCheck>();
      },
  };
  return spec;
}

}  // namespace rollcall::checks
