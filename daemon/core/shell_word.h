// Text as one word of a POSIX shell, for commands that people paste. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

std::string shellWord(std::string_view text);

}  // namespace rollcall
