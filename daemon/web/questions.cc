#include "daemon/web/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "daemon/core/cut_text.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kLongestEcho = 64;

}  // namespace

std::string echo(std::string_view text) {
  return fmt::format("\"{}\"", cutText(visible(text), kLongestEcho));
}

std::optional<Error> refuseUnknown(const WebQuery& query,
                                   std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : query)
    if (std::ranges::find(known, name) == known.end())
      return invalidArgument(fmt::format("there is no parameter {}; known are: {}", echo(name),
                                         fmt::join(known, ", ")));
  return std::nullopt;
}

Result<std::string> singleValue(const WebQuery& query, const std::string& name) {
  const auto [begin, end] = query.equal_range(name);
  if (begin == end) return std::string();
  if (std::next(begin) != end)
    return invalidArgument(fmt::format("the parameter {} is given more than once", name));
  return begin->second;
}

std::optional<Error> refuseCheck(const CheckPlan& plan, std::string_view name) {
  const auto found = plan.find(name);
  if (found != plan.end() && found->second.enabled) return std::nullopt;
  if (found != plan.end())
    return invalidArgument(fmt::format("the check \"{}\" is switched off", name));
  std::vector<std::string_view> known;
  for (const auto& [each, planned] : plan)
    if (planned.enabled) known.push_back(each);
  return invalidArgument(
      fmt::format("there is no check {}; known are: {}", echo(name), fmt::join(known, ", ")));
}

}  // namespace rollcall
