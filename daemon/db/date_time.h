// The DATETIME text of a MySQL answer.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/core/clock.h"

namespace rollcall {

// "2020-01-31 23:30:00" or with a fraction of 1 to 6 digits, taken as UTC and cut to milliseconds.
// Nothing for NULL (empty), the zero date and whatever is no date.
std::optional<WallTime> parseDateTime(std::string_view text);

}  // namespace rollcall
