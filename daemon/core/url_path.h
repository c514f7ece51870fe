// Parts of an address's path, as they are written: nothing is decoded or resolved. Pure; what is
// returned points into what was given, or to a constant.
#pragma once

#include <string_view>

namespace rollcall {

// The path of a link or of a Location header, without query and fragment: "/a/" of
// "https://example.com/a/?b#c". "/" where only a host is named; a link without scheme is its own
// path.
std::string_view pathOfLink(std::string_view link);

// "b" of "/a/b/"; empty of "/".
std::string_view lastSegment(std::string_view path);

// Without the one slash at its end, if there is one: "/a" of "/a/", empty of "/".
std::string_view withoutSlash(std::string_view path);

}  // namespace rollcall
