// What is at the other end of a stream, and how to write to it.
#pragma once

#include <cstddef>
#include <string_view>

#include "daemon/config/config.h"
#include "daemon/sinks/formats.h"

namespace rollcall {

struct Terminal {
  bool isTty = false;
  std::size_t columns = 0;  // 0 = unknown
  std::size_t rows = 0;     // likewise
};
Terminal askTerminal(int fd);

// Colour only on a terminal that can, and without NO_COLOR. COLUMNS beats what the terminal says.
TableStyle tableStyle(const Terminal& terminal, const Environment& environment, bool verbose);
// Whether a line can be drawn over and over.
bool canRedraw(const Terminal& terminal, const Environment& environment);

// All of `text`, or the errno of what went wrong; 0 = written.
int writeAll(int fd, std::string_view text);
// All of `text` on stdout; false, with a sentence on stderr, when it could not be written. A reader
// that has seen enough (`| head`) is no failure.
bool printOut(std::string_view text);
// One line of "rollcall: ..." on stderr for each line of `text`, without control characters.
void complain(std::string_view text);

// `text` in lines of at most `width` columns, each after `indent` spaces; ends with a newline.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace rollcall
