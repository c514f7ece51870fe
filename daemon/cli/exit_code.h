// What the program ends with.
#pragma once

#include "daemon/core/finding.h"

namespace rollcall {

inline constexpr int kExitPass = 0;
inline constexpr int kExitWarn = 1;
inline constexpr int kExitFail = 2;
inline constexpr int kExitUnknown = 3;  // could not look, or nothing was looked at
inline constexpr int kExitUsage = 64;   // a flag or the configuration must be mended
inline constexpr int kExitInterrupted = 130;
inline constexpr int kExitTerminated = 143;

// From which verdict on the exit code is not 0: kFail forgives warnings, kNever everything.
enum class FailOn { kWarn, kFail, kNever };

int exitCode(Verdict verdict, FailOn failOn);

}  // namespace rollcall
