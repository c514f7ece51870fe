// The addresses an HTML text shows pictures from, plays, or offers for download. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::checks::images {

inline constexpr std::size_t kMaxLinks = 1'000;       // of one text; the rest is left out
inline constexpr std::size_t kMaxAddress = 4u << 10;  // longer ones are left out

// The values of src, href, poster and data-kg-thumbnail and each address in srcset, of all tags, in
// their order, entities decoded. Not of comments, scripts, styles and other text that is no markup,
// nor of a tag that does not end. `html` comes from outside: one pass, whatever it holds.
std::vector<std::string> linksIn(std::string_view html);

}  // namespace rollcall::checks::images
