// What whoever asks for a verdict or a probe may name: checks, and the parameters of the address.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/web/server.h"

namespace rollcall {

// Every check of the program, as it is configured.
struct PlannedCheck {
  bool enabled = true;
  Duration interval{};
  Duration timeout{};
};
using CheckPlan = std::map<std::string, PlannedCheck, std::less<>>;

// Text of whoever asks, or of the pods, as part of a sentence: visible, short and quoted.
std::string echo(std::string_view text);

// The Errors are kInvalidArgument, one sentence that can be shown.

// Refuses every parameter that is not one of `known`.
std::optional<Error> refuseUnknown(const WebQuery& query,
                                   std::initializer_list<std::string_view> known);
// The only value of `name`, empty when there is none.
Result<std::string> singleValue(const WebQuery& query, const std::string& name);
// Refuses a check that does not exist or is switched off.
std::optional<Error> refuseCheck(const CheckPlan& plan, std::string_view name);

}  // namespace rollcall
