// What a page that somebody else wrote says, made fit for one line on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::ghost {

// One line of at most 200 characters: white space folded; control characters, terminal escapes,
// direction overrides and bytes that are no UTF-8 dropped.
std::string oneLine(std::string_view text);

// The message of an HTML error page: the element that Ghost's and most themes' error templates mark
// as its description, else the title; tags stripped, entities decoded; empty when there is none.
// Looks at the first 256 KiB.
std::string htmlMessage(std::string_view html);

}  // namespace rollcall::ghost
