// Letters of ASCII; all other bytes stay as they are. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

std::string lowerCase(std::string_view text);

}  // namespace rollcall
