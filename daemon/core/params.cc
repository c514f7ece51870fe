#include "daemon/core/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

namespace rollcall {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t nanos;
};
constexpr Unit kUnits[] = {{"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000},
                           {"d", 86'400'000'000'000}};

template <class T>
const T& get(const std::map<std::string, ParamValue, std::less<>>& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end() || !std::holds_alternative<T>(found->second)) std::abort();
  return std::get<T>(found->second);
}

// `given` as the type of `fallback`; an Error says what was expected.
Result<ParamValue> convert(const ParamValue& fallback, const ParamValue& given) {
  if (fallback.index() == given.index()) {
    const auto* number = std::get_if<std::int64_t>(&given);
    if (number && *number < 0) return invalidArgument("must not be negative");
    return given;
  }
  const auto* text = std::get_if<std::string>(&given);
  if (std::holds_alternative<Duration>(fallback)) {
    if (!text) return invalidArgument("must be a duration such as 30s");
    auto duration = parseDuration(*text);
    if (!duration) return duration.error();
    return ParamValue(*duration);
  }
  if (std::holds_alternative<std::int64_t>(fallback)) {
    std::int64_t number = 0;
    if (text) {
      const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), number);
      if (code == std::errc() && end == text->data() + text->size() && number >= 0)
        return ParamValue(number);
    }
    return invalidArgument("must be a whole number, 0 or more");
  }
  if (std::holds_alternative<bool>(fallback)) {
    if (text && *text == "true") return ParamValue(true);
    if (text && *text == "false") return ParamValue(false);
    return invalidArgument("must be true or false");
  }
  return invalidArgument("must be text");
}

std::string textOf(const ParamValue& value) {
  if (const auto* duration = std::get_if<Duration>(&value)) return formatDuration(*duration);
  return fmt::format("{}", std::get<std::int64_t>(value));
}

Result<ParamValue> inRange(const ParamDef& def, Result<ParamValue> value) {
  if (!value) return value;
  if (const auto* text = std::get_if<std::string>(&*value); text && def.problem)
    if (auto problem = def.problem(*text)) return invalidArgument(std::move(*problem));
  if (def.least && *value < *def.least)
    return invalidArgument(fmt::format("must be at least {}", textOf(*def.least)));
  if (def.most && *value > *def.most)
    return invalidArgument(fmt::format("must be at most {}", textOf(*def.most)));
  return value;
}

}  // namespace

Result<Duration> parseDuration(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  if (code == std::errc() && number >= 0) {
    for (const Unit& unit : kUnits) {
      if (suffix != unit.suffix) continue;
      if (number > std::numeric_limits<std::int64_t>::max() / unit.nanos) break;
      return Duration(number * unit.nanos);
    }
  }
  return invalidArgument(fmt::format(
      "\"{}\" is not a duration: write a whole number and ms, s, m, h or d, such as 30s",
      text.substr(0, 40)));
}

Params::Params(const std::vector<ParamDef>& defs) {
  for (const ParamDef& def : defs) values_.emplace(def.name, def.fallback);
}

Params Params::parse(const std::vector<ParamDef>& defs,
                     const std::map<std::string, ParamValue>& given, std::string_view path,
                     std::vector<std::string>& problems) {
  Params params(defs);
  for (const auto& [key, value] : given) {
    const auto def = std::ranges::find(defs, std::string_view(key), &ParamDef::name);
    if (def == defs.end()) {
      problems.push_back(fmt::format("{}.{}: unknown setting", path, key));
      continue;
    }
    const auto converted = inRange(*def, convert(def->fallback, value));
    if (converted)
      params.values_.find(key)->second = *converted;
    else
      problems.push_back(fmt::format("{}.{}: {}", path, key, converted.error().message));
  }
  return params;
}

bool Params::flag(std::string_view name) const {
  return get<bool>(values_, name);
}
std::uint64_t Params::count(std::string_view name) const {
  return static_cast<std::uint64_t>(get<std::int64_t>(values_, name));
}
Duration Params::duration(std::string_view name) const {
  return get<Duration>(values_, name);
}
const std::string& Params::text(std::string_view name) const {
  return get<std::string>(values_, name);
}

}  // namespace rollcall
