#include "daemon/cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kMinColumns = 40;
constexpr std::size_t kMaxColumns = 1000;

std::string_view get(const Environment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : found->second;
}

bool isDumb(const Environment& environment) {
  const std::string_view term = get(environment, "TERM");
  return term.empty() || term == "dumb";
}

}  // namespace

Terminal askTerminal(int fd) {
  Terminal terminal{::isatty(fd) == 1, 0, 0};
  winsize size{};
  if (terminal.isTty && ::ioctl(fd, TIOCGWINSZ, &size) == 0)
    terminal.columns = size.ws_col, terminal.rows = size.ws_row;
  return terminal;
}

TableStyle tableStyle(const Terminal& terminal, const Environment& environment, bool verbose) {
  TableStyle style;
  style.color = terminal.isTty && get(environment, "NO_COLOR").empty() && !isDumb(environment);
  style.verbose = verbose;
  std::size_t columns = 0;
  const std::string_view given = get(environment, "COLUMNS");
  std::from_chars(given.data(), given.data() + given.size(), columns);
  if (columns == 0) columns = terminal.columns;
  if (columns != 0) style.width = std::clamp(columns, kMinColumns, kMaxColumns);
  return style;
}

bool canRedraw(const Terminal& terminal, const Environment& environment) {
  return terminal.isTty && !isDumb(environment);
}

int writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool printOut(std::string_view text) {
  const int error = writeAll(STDOUT_FILENO, text);
  if (error == 0 || error == EPIPE) return true;
  complain(fmt::format("the output could not be written: {}", std::strerror(error)));
  return false;
}

void complain(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    writeAll(STDERR_FILENO, "rollcall: " + visible(text.substr(0, end)) + "\n");
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result, line;
  const auto flush = [&] {
    result += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? "" : text.substr(space + 1);
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) flush();
    if (!line.empty()) line += ' ';
    line += word;
  }
  flush();
  return result;
}

}  // namespace rollcall
