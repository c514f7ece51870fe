#include "daemon/cli/exit_code.h"

#include <cstdlib>

namespace rollcall {

int exitCode(Verdict verdict, FailOn failOn) {
  if (failOn == FailOn::kNever) return kExitPass;
  switch (verdict) {
    case Verdict::kPass:
      return kExitPass;
    case Verdict::kWarn:
      return failOn == FailOn::kWarn ? kExitWarn : kExitPass;
    case Verdict::kFail:
      return kExitFail;
    case Verdict::kUnknown:
    case Verdict::kNotApplicable:
      return kExitUnknown;
  }
  std::abort();
}

}  // namespace rollcall
