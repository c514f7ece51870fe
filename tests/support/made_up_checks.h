// A check that does not exist, for whoever reads configurations: it has a parameter of each kind.
#pragma once

#include <string>

#include "daemon/core/check.h"

namespace rollcall::testing_support {

inline CheckSpec madeUpPosts() {
  return {.name = "posts",
          .summary = "every pod answers for every post",
          .needs = {},
          .interval = std::chrono::seconds(60),
          .timeout = std::chrono::seconds(30),
          .onChange = true,
          .findings = {},
          .params = {{"newest", std::int64_t{20}, "how many"},
                     {"grace", Duration(std::chrono::seconds(3)), "how long"},
                     {"strict", false, "how strict"},
                     {"label", std::string(), "a text"}},
          .make = nullptr};
}

}  // namespace rollcall::testing_support
