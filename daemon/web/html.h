// Pieces of HTML that the parts of the status page share. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/report.h"

namespace rollcall {

// Text from outside as it stands between tags and in quoted attributes.
std::string html(std::string_view text);

// "not applicable"
std::string words(Verdict verdict);
// A cell that says the verdict in its colour.
std::string verdictCell(Verdict verdict);

// An id that is the same in each rendering: letters and digits of `text`, all else is '-'.
std::string idOf(std::string_view text);

// A moment with its age: "10:00:03Z, 4.2 s ago" as <time>; ages are those at `now`.
std::string timeTag(WallTime time, WallTime now);
// "4s", "3m", "5h", "2d": for narrow cells.
std::string shortAge(WallTime time, WallTime now);

// A command to be copied, in a box of its own.
std::string commandBox(std::string_view command);

// When the newest run of the report ended: what ages are counted from.
WallTime momentOf(const Report& report);

}  // namespace rollcall
