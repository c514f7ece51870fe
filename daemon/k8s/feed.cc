#include "daemon/k8s/feed.h"

#include <fmt/format.h>

namespace rollcall::k8s {

bool Feed::isHopeless() const {
  if (!failing_) return false;
  switch (failing_->code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kProtocol:
    case ErrorCode::kInternal:
      return true;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
      return false;
  }
  return false;
}

std::string Feed::stale() const {
  if (!failing_) return "";
  if (!listed_) return failing_->message;
  return fmt::format("{}; the list is of {}", failing_->message, formatTime(heardAt_));
}

}  // namespace rollcall::k8s
