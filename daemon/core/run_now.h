// How others ask the engine to run a check now.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/core/report.h"

namespace rollcall {

struct RunAnswer {
  MonoTime began{};
  std::shared_ptr<const Report> report;  // holds the run; never null
};
using RunReply = std::function<void(RunAnswer)>;
// See Engine::runNow().
using RunNow = std::function<bool(const std::string& check, MonoTime since, RunReply reply)>;

}  // namespace rollcall
