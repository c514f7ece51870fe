// What a check's run said, for tests of checks.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/core/finding.h"
#include "daemon/core/result.h"

namespace rollcall::testing_support {

// Of a run that must not end in an Error.
inline Outcome expectOutcome(Result<Outcome> run) {
  EXPECT_TRUE(run) << run.error().message;
  return run ? std::move(*run) : Outcome{};
}

// "RC511 pod-1", or the code alone where no pod is named; in the findings' order.
inline std::vector<std::string> codesOf(const Outcome& outcome) {
  std::vector<std::string> codes;
  for (const Finding& one : outcome.findings)
    codes.push_back(std::string(one.def->code) + (one.pod.empty() ? "" : " " + one.pod));
  return codes;
}

}  // namespace rollcall::testing_support
