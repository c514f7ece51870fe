// A check's settings: declared in its spec, validated once, read by name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

using ParamValue = std::variant<bool, std::int64_t, Duration, std::string>;

// One setting; the alternative that `fallback` holds is its type. Counts are >= 0.
struct ParamDef {
  std::string_view name;
  ParamValue fallback;
  std::string_view help;
  // The range of a number or duration, both ends included; of the same type as `fallback`.
  std::optional<ParamValue> least = {};
  std::optional<ParamValue> most = {};
  // What is wrong with a text; nothing when it will do. Null: every text will.
  std::optional<std::string> (*problem)(const std::string& text) = nullptr;
};

// "1500ms", "30s", "5m", "1h", "2d", "0s"; the Error names what is wrong with `text`.
Result<Duration> parseDuration(std::string_view text);

// Immutable. Reading a name that was not declared, or as another type, is a programming error.
class Params {
 public:
  // All defaults.
  explicit Params(const std::vector<ParamDef>& defs);
  // `given` overrides; every unknown name and wrong type is one line in `problems`, as
  // "<path>.<name>: ...". Durations and whole numbers arrive as text or number.
  static Params parse(const std::vector<ParamDef>& defs,
                      const std::map<std::string, ParamValue>& given, std::string_view path,
                      std::vector<std::string>& problems);

  bool flag(std::string_view name) const;
  std::uint64_t count(std::string_view name) const;
  Duration duration(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const std::map<std::string, ParamValue, std::less<>>& values() const { return values_; }

 private:
  std::map<std::string, ParamValue, std::less<>> values_;
};

}  // namespace rollcall
