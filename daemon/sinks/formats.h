// A Report as text, one function per format. Pure: no clock, no terminal, no locale.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/core/comparison.h"
#include "daemon/core/report.h"

namespace rollcall {

struct TableStyle {
  bool color = false;
  std::size_t width = 100;  // columns; lines are wrapped or cut to it, never below 40
  bool verbose = false;     // every finding, evidence, notes; otherwise groups with the newest few
};
std::string formatTable(const Report& report, const TableStyle& style);

// schema/report.schema.json; findings beyond `maxFindings` are counted in findings_omitted.
std::string formatJson(const Report& report, std::size_t maxFindings);
std::string formatJunit(const Report& report);
// First line and perfdata of the Nagios plug-in contract.
std::string formatNagios(const Report& report);
// With a `chronicle` it says what changed since the last report.
std::string formatMarkdown(const Report& report, const Chronicle* chronicle);
// Exposition text for node_exporter's textfile collector: the metrics of daemon/sinks/metrics.h
// that a single report carries.
std::string formatPrometheus(const Report& report);

// Findings of one (code, pod), the newest first, as people want to read them.
struct FindingGroup {
  const FindingDef* def;
  std::string pod;
  std::string check;
  std::vector<const Finding*> findings;
};
std::vector<FindingGroup> groupFindings(const Report& report);

// What could not be looked at, a line for each pod and reason: "pod-3: newest posts, settings: no
// answer within 5 s (deadline_exceeded; posts, settings)".
std::vector<std::string> blindSpots(const Report& report);

}  // namespace rollcall
