// What the fuzzers share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/core/result.h"
#include "daemon/core/visible_text.h"

// libFuzzer's entry; 0 = the input may join the corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rollcall::fuzz {

[[noreturn]] inline void broken(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

// What must hold for any input. Else the program ends, so that the input is kept.
#define FUZZ_HOLDS(condition) \
  ((condition) ? void() : ::rollcall::fuzz::broken(#condition, __FILE__, __LINE__))

// The input: at its front a few choices, each of them a character, so that a seed is text.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  // '0' is 0, '1' is 1, ...; 0 at the end.
  unsigned below(unsigned end) {
    if (rest_.empty()) return 0;
    const unsigned value = static_cast<unsigned char>(rest_.front() - '0') % end;
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view rest() const { return rest_; }
  // Up to `end`, which is taken off, too; the rest when there is none.
  std::string_view until(char end) {
    const std::size_t at = rest_.find(end);
    const std::string_view part = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return part;
  }

 private:
  std::string_view rest_;
};

// Fit for a terminal and a log: valid UTF-8 without control characters, in one line.
inline bool isShowable(std::string_view text) {
  return visible(text) == text;
}

// What a person is told about bytes from outside: showable and short.
inline bool isFit(const Error& error) {
  return !error.message.empty() && error.message.size() < 2'000 && isShowable(error.message);
}

// `text` in double quotes, as JSON and YAML have it.
inline std::string quotedJson(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    char escape[8];
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace rollcall::fuzz
