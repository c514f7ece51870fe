// The report of `rollcall report` as one HTML file, made to be kept and mailed: nothing is loaded
// from anywhere and no script is needed. Pure.
#pragma once

#include <string>

#include "daemon/core/comparison.h"

namespace rollcall {

// `report` in its public form (core/publication.h). With a `chronicle` it says what changed since
// the last report and draws the findings and the propagation of the
// runs so far.
std::string formatHtml(const Report& report, const Chronicle* chronicle);

// The findings of the newest runs as an SVG picture: a bar a run, critical ones below the warnings;
// a run that could not look at everything is marked. Empty for fewer than two runs.
std::string findingsChart(const std::vector<PastRun>& runs);

// How long new posts took until they were visible on all pods, in the same manner. Empty when
// nobody measured it in these runs: only a daemon does, see daemon/state/history.h.
std::string propagationChart(const std::vector<PastRun>& runs);

}  // namespace rollcall
