#include "checks/routes/permalink_shape.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "daemon/ghost/routes.h"

namespace rollcall::checks::routes {
namespace {

bool isNumber(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool fits(std::string_view text, std::string_view token) {
  if (token == "{year}") return isNumber(text, 4);
  if (token == "{month}" || token == "{day}") return isNumber(text, 2);
  if (token.find('{') != std::string_view::npos) return !text.empty();
  return text == token;
}

std::string_view takeSegment(std::string_view& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return segment;
}

}  // namespace

bool mayComeFrom(std::string_view address, std::string_view permalink) {
  const std::string decoded = ghost::decodePath(address), pattern = ghost::decodePath(permalink);
  std::string_view left = decoded, wanted = pattern;
  while (!left.empty() && !wanted.empty())
    if (!fits(takeSegment(left), takeSegment(wanted))) return false;
  return left.empty() && wanted.empty();
}

}  // namespace rollcall::checks::routes
