// The status line and headers of an answer, line by line, with the limits and the strictness that
// the HTTP library lacks. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall {

inline constexpr std::size_t kMaxHeaderBytes = 64u << 10;
inline constexpr std::size_t kMaxHeaderLines = 256;

inline bool isFine(int status) {
  return status >= 200 && status < 300;
}

class ResponseHead {
 public:
  // `keepFine` false: of a 2xx answer no header is kept.
  explicit ResponseHead(bool keepFine = true) : keepFine_(keepFine) {}

  // Takes one line as received, with its line end: status lines, headers, the empty line, trailers.
  // Returns what is wrong with the answer, or nothing. Limits count over interim answers too.
  std::optional<std::string> take(std::string_view line);

  // Of the final answer; 0 before its status line.
  int status() const { return status_; }
  // Names in lower case, values trimmed, trailers left out.
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
  // The same, given away.
  std::vector<std::pair<std::string, std::string>> takeHeaders() { return std::move(headers_); }
  // The final answer's headers have ended.
  bool complete() const { return ended_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::optional<std::string> takeStatus(std::string_view line);
  std::optional<std::string> takeField(std::string_view line);

  std::vector<std::pair<std::string, std::string>> headers_;
  std::string contentLength_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  int status_ = 0;
  bool keepFine_;
  bool ended_ = false;
};

}  // namespace rollcall
