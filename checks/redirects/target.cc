#include "checks/redirects/target.h"

#include <algorithm>
#include <cctype>

#include "daemon/core/letter_case.h"
#include "daemon/ghost/routes.h"

namespace rollcall::checks::redirects {
namespace {

// What comes before the first of `marks`; `text` keeps the rest.
std::string_view takeUntil(std::string_view& text, std::string_view marks) {
  const std::size_t at = std::min(text.find_first_of(marks), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at);
  return taken;
}

std::string plusAsSpace(std::string_view text) {
  std::string result(text);
  std::ranges::replace(result, '+', ' ');
  return ghost::decodePath(result);
}

std::vector<std::pair<std::string, std::string>> parseQuery(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  while (!text.empty()) {
    std::string_view value = takeUntil(text, "&");
    if (!text.empty()) text.remove_prefix(1);
    if (value.empty()) continue;
    const std::string_view key = takeUntil(value, "=");
    if (!value.empty()) value.remove_prefix(1);
    query.emplace_back(plusAsSpace(key), plusAsSpace(value));
  }
  std::ranges::sort(query);
  return query;
}

// Ghost joins a target of its own with the sub-directory, takes that out where it is there twice,
// and makes one slash of many.
std::string ownPath(std::string_view path, const Site& site) {
  std::string clean;
  for (const char c : path)
    if (c != '/' || !clean.ends_with('/')) clean += c;
  const std::string& below = site.url.path;
  if (below == "/") return clean;
  while (clean.starts_with(below + "/")) clean.erase(0, below.size());
  return clean == below ? "/" : clean;
}

std::size_t lengthOfScheme(std::string_view text) {
  const std::string start = lowerCase(text.substr(0, 8));
  if (start.starts_with("https://")) return 8;
  return start.starts_with("http://") ? 7 : 0;
}

// Of what Ghost's URL parser rewrites, only what is understood here.
bool isUnderstood(std::string_view to) {
  if (to.find_first_of("$\\") != std::string_view::npos) return false;
  if (to.starts_with(' ') || to.ends_with(' ')) return false;
  if (std::ranges::any_of(to, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) return false;
  const std::size_t scheme = lengthOfScheme(to);
  if (scheme == 0) return to.starts_with('/') && !to.starts_with("//");
  std::string_view rest = to.substr(scheme);
  const std::string_view host = takeUntil(rest, "/?#");
  return !host.empty() && std::ranges::all_of(host, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':';
  });
}

}  // namespace

Target parseTarget(std::string_view location, const Site& site) {
  Target target;
  if (const std::size_t scheme = lengthOfScheme(location)) {
    std::string_view rest = location.substr(scheme);
    const std::string_view host = takeUntil(rest, "/?#");
    target.site = lowerCase(location.substr(0, scheme)) + lowerCase(host);
    location = rest;
  }
  const std::string_view path = takeUntil(location, "?#");
  target.path = ghost::decodePath(path.empty() ? "/" : path);
  if (target.site.empty()) target.path = ownPath(target.path, site);
  if (location.starts_with('?')) {
    location.remove_prefix(1);
    target.query = parseQuery(takeUntil(location, "#"));
  }
  if (location.starts_with('#')) target.fragment = ghost::decodePath(location.substr(1));
  return target;
}

std::optional<Target> targetOf(const Rule& rule, const Site& site) {
  if (!isUnderstood(rule.to)) return std::nullopt;
  return parseTarget(rule.to, site);
}

}  // namespace rollcall::checks::redirects
