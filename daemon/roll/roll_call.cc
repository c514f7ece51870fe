#include "daemon/roll/roll_call.h"

#include <cstdlib>

#include "daemon/roll/roll_run.h"

namespace rollcall::roll {

const FindingDef& Codes::of(State state) const {
  switch (state) {
    case State::kMissing:
      return *missing;
    case State::kMoved:
      return *moved;
    case State::kServed:
      return *served;
    case State::kDeclared:
      return *declared;
    case State::kError:
      return *error;
    case State::kOk:
    case State::kUnknown:
    case State::kTimeout:
      break;
  }
  std::abort();
}

Result<Outcome> RollCall::run(const CheckContext& context) {
  return RollRun(*this, context).run();
}

}  // namespace rollcall::roll
