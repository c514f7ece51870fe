// What a rendered page says of the templates that made it, without what differs between healthy
// pods: addresses, numbers in texts, versions of assets, what Ghost itself puts into the head.
// Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::checks::theme {

// In place of what a template computes; whatever holds it is nobody's trait.
inline constexpr char kComputed = '\x01';

struct Traits {
  // Elements with class, id and style ("<div class=\"a b\">"), texts, scripts and styles. A set:
  // how often and in which order does not count.
  std::set<std::string> all;
  std::set<std::string> links;      // paths of <a>, without query and fragment
  std::vector<std::string> assets;  // of the theme, in their order: "/assets/built/screen.css"
  std::string generator;            // "Ghost 6.65"
};

// Of a page, or of a template whose computed parts are kComputed. `root` is the site's
// sub-directory without a trailing slash ("" or "/blog"). Any bytes will do.
Traits traitsOf(std::string_view html, std::string_view root);

}  // namespace rollcall::checks::theme
