// What a person should know of how things go with the Kubernetes API or a webhook.
#pragma once

#include <functional>
#include <string>

namespace rollcall {

// Worth a line in the log.
struct News {
  bool warning = false;
  std::string message;
  std::string detail;  // may be empty
};

// Called on the thread that learned it.
using Tell = std::function<void(const News&)>;

}  // namespace rollcall
