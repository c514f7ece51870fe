// Text that has to be short. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace rollcall {

// The beginning of `text`, at most `most` bytes; characters of UTF-8 are left whole.
std::string_view cutText(std::string_view text, std::size_t most);

}  // namespace rollcall
