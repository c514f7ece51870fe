// What a rule's `from` matches, as far as that can be told without a regular expression engine.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall::checks::redirects {

// How Ghost reads `from` (the same in 5.130.6, 6.56.0 and 6.65.0): "/.../i" ignores case, one slash
// at the end is dropped, and unless it ends with "$" an optional slash and the end are added. The
// result is searched for in the request's percent-encoded path, so without "^" at its end only.
class Pattern {
 public:
  explicit Pattern(std::string_view from);

  // A path that the rule answers: only for anchors, literal characters, escaped ones, optional
  // slashes and dots. Without the slash at the end where that is optional: there a pod that does
  // not know the rule answers a cheap redirect to the slash.
  const std::optional<std::string>& example() const { return example_; }

  // False when the rule certainly does not answer `path`, given in lower case.
  bool mayMatch(std::string_view path) const;

  // When the rule answers exactly the paths that end with this (lower case, no slash at the end),
  // or are this when `anchored()`; nullopt otherwise.
  std::optional<std::string_view> exactEnd() const;
  bool anchored() const { return anchored_; }

 private:
  std::optional<std::string> example_;
  bool anchored_ = false;
  bool anything_ = false;  // an alternative at the top: nothing is certain
  bool whole_ = false;     // `literal_` is all there is but for the slash at the end
  std::string literal_;    // lower case, from the beginning on; part of whatever matches
};

}  // namespace rollcall::checks::redirects
