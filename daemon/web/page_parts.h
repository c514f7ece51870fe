// The sections of the status page, one file each. All take a report in its public form
// (core/publication.h) and are pure. Each section has an id, under which the page's script renews
// it.
#pragma once

#include <string>

#include "daemon/core/report.h"
#include "daemon/sinks/status_board.h"

namespace rollcall {

std::string podsSection(const Report& report);
std::string findingsSection(const Report& report);
std::string blindSpotsSection(const Report& report);
// The matrix: the newest posts on each pod.
std::string newestSection(const Report& report);
std::string timelineSection(const Timeline& timeline, WallTime now);
std::string checksSection(const Report& report);

}  // namespace rollcall
