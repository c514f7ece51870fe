// The daemon's log on stderr: JSON lines where a machine reads it, colours where a person does.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall {

// By who must act: an error needs somebody now, a warning somebody some time, an info nobody.
enum class LogLevel { kInfo, kWarning, kError };

// Thread-safe. Every line stays one line, whatever control characters its parts contain.
class Journal {
 public:
  using Fields = std::vector<std::pair<std::string_view, std::string>>;
  virtual ~Journal() = default;
  // `fields` that are empty are left out.
  virtual void write(LogLevel level, std::string_view message, const Fields& fields = {}) = 0;
};

enum class LogStyle { kJson, kText, kColor };

std::unique_ptr<Journal> makeJournal(LogStyle style);
// For tests; `out` is borrowed.
std::unique_ptr<Journal> makeJournal(LogStyle style, std::ostream& out);

}  // namespace rollcall
