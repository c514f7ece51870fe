// Result<T>: a value or an Error. The only way our own functions report failure.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace rollcall {

enum class ErrorCode {
  kInvalidArgument,   // the person can mend it: a flag, a key, a URL, a file
  kNotFound,          // a host name, a file, a table that does not exist
  kPermissionDenied,  // refused credentials or missing rights
  kUnavailable,       // refused, reset, no route: may work later
  kDeadlineExceeded,  // no complete answer in time
  kCancelled,         // we were asked to stop
  kProtocol,          // the other side spoke nonsense or beyond our limits
  kInternal,          // our own fault
};

// The stable lower-case name used in reports, e.g. "deadline_exceeded".
std::string_view name(ErrorCode code);

// `message` is one sentence for a person; it never contains a secret.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpected<Error>(std::move(error))) {}
};

inline Error invalidArgument(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace rollcall
