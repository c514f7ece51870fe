// The report for a person in front of a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kNewestShown = 3;
constexpr std::size_t kGapsShown = 10;

constexpr std::string_view kBold = "1";
constexpr std::string_view kRed = "1;31";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kYellow = "33";
constexpr std::string_view kMagenta = "35";
constexpr std::string_view kDim = "2";

std::string_view colorOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return kGreen;
    case Verdict::kWarn:
      return kYellow;
    case Verdict::kFail:
      return kRed;
    case Verdict::kUnknown:
      return kMagenta;
    case Verdict::kNotApplicable:
      return kDim;
  }
  return kBold;
}

std::string_view colorOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return kBold;
    case Severity::kWarning:
      return kYellow;
    case Severity::kCritical:
      return kRed;
  }
  return kBold;
}

std::string_view heading(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kCritical:
      return "CRITICAL";
  }
  return "CRITICAL";
}

std::string words(Verdict verdict) {
  return verdict == Verdict::kNotApplicable ? "not applicable" : std::string(name(verdict));
}

// One cell of a row; the last cell of a row may wrap.
struct Cell {
  std::string text;
  std::string_view color = {};
};

class Printer {
 public:
  explicit Printer(const TableStyle& style)
      : color_(style.color), width_(std::max(style.width, kLeastWidth)) {}

  void line(std::string_view text = {}) { out_.append(text).append("\n"); }

  // `lead` before the first line, up to `hang` spaces before the others.
  void paragraph(std::string_view lead, std::string_view text, std::string_view color = {},
                 std::size_t hang = 4) {
    const std::size_t first = columns(lead);
    hang = std::min(hang, first);
    bool isFirst = true;
    for (const std::string& each : wrap(visible(text), width_ - hang, width_ - first)) {
      out_ += isFirst ? std::string(lead) : std::string(hang, ' ');
      out_ += paint(each, color);
      out_ += '\n';
      isFirst = false;
    }
  }

  // On a line of its own and never broken, whatever the width: it is there to be copied.
  void command(std::string_view text) { line("    " + visible(text)); }

  // Aligned cells when every row fits the width, else each row over several lines.
  void rows(const std::vector<std::vector<Cell>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t i = 0; i + 1 < row.size(); ++i)
        widths[i] = std::max(widths[i], columns(row[i].text));
    }
    std::size_t left = 2;
    for (const std::size_t each : widths) left += each + 2;
    const bool fits = std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
      return left - 2 + columns(row.back().text) <= width_ || left + 20 <= width_;
    });
    for (const auto& row : rows) fits ? aligned(row, widths) : stacked(row);
  }

  std::string paint(std::string_view text, std::string_view color) const {
    if (!color_ || color.empty() || text.empty()) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", color, text);
  }

  std::string take() { return std::move(out_); }

 private:
  void aligned(const std::vector<Cell>& row, const std::vector<std::size_t>& widths) {
    std::string lead = "  ";
    std::size_t used = 2;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      lead += paint(row[i].text, row[i].color);
      lead.append(widths[i] - columns(row[i].text) + 2, ' ');
      used += widths[i] + 2;
    }
    bool isFirst = true;
    for (const std::string& each : wrap(row.back().text, width_ > used ? width_ - used : 1)) {
      std::string text = (isFirst ? lead : std::string(used, ' ')) + paint(each, row.back().color);
      text.erase(text.find_last_not_of(' ') + 1);
      line(text);
      isFirst = false;
    }
  }

  // The first two cells head the row, the others follow below.
  void stacked(const std::vector<Cell>& row) {
    std::string head = "  " + paint(row[0].text, row[0].color);
    std::string rest;
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (i == 1 && row.size() > 2)
        head += "  " + paint(row[i].text, row[i].color);
      else if (!row[i].text.empty())
        rest += (rest.empty() ? "" : ", ") + row[i].text;
    }
    line(head);
    if (rest.empty()) return;
    for (const std::string& each : wrap(rest, width_ - 4)) line("    " + each);
  }

  bool color_;
  std::size_t width_;
  std::string out_;
};

void printPods(Printer& out, const Report& report) {
  out.line();
  out.line(out.paint("PODS", kBold));
  std::vector<std::vector<Cell>> rows;
  for (const PodReport& pod : report.pods)
    rows.push_back(
        {{visible(pod.pod.name)},
         {words(pod.verdict), colorOf(pod.verdict)},
         {visible(pod.pod.address())},
         {pod.facts.version.empty() ? "version unknown" : "Ghost " + visible(pod.facts.version)},
         {stateOf(pod)}});
  out.rows(rows);
  if (report.pods.empty()) out.line("  none");
  if (!report.pods.empty())
    out.paragraph("  ", "restarting one of them: " + inWords(restartSafety(report, "")), kDim, 2);
  if (!report.podsStale.empty()) out.paragraph("  ", report.podsStale, kYellow, 2);
}

void printFinding(Printer& out, const Finding& finding, bool verbose) {
  out.paragraph("  - ", finding.message);
  if (!verbose) return;
  for (const auto& [key, value] : finding.evidence)
    out.paragraph("      ", fmt::format("{} = {}", key, value), kDim, 6);
}

void printAdvice(Printer& out, const Report& report, const Finding& finding) {
  if (!finding.cause.empty()) out.paragraph("  cause: ", finding.cause);
  if (finding.since) out.paragraph("  seen since: ", shortTime(*finding.since));
  if (!finding.reproduce.empty()) {
    out.line("  reproduce:");
    out.command(finding.reproduce);
  }
  if (const std::string now = restartNow(report, finding); !now.empty())
    out.paragraph("  restart: ", now, now.starts_with("NOT") ? kYellow : kGreen);
  const Advice advice = splitAdvice(remedyOf(finding));
  if (advice.command.empty()) {
    if (!advice.before.empty()) out.paragraph("  remedy: ", advice.before, kBold);
    return;
  }
  if (advice.before.empty())
    out.line("  remedy:");
  else
    out.paragraph("  remedy: ", advice.before + ":", kBold);
  out.command(advice.command);
  if (!advice.after.empty()) out.paragraph("    ", advice.after, kBold);
}

void printGroup(Printer& out, const Report& report, const FindingGroup& group, bool verbose) {
  out.line();
  const Severity severity = group.def->severity;
  const std::string head =
      fmt::format("{} {}{}{}: {}", heading(severity), group.def->code,
                  group.pod.empty() ? "" : " on " + group.pod, countOf(group), group.def->title);
  out.paragraph("", head, colorOf(severity), 0);
  const std::size_t shown =
      verbose ? group.findings.size() : std::min(kNewestShown, group.findings.size());
  for (std::size_t i = 0; i < shown; ++i) printFinding(out, *group.findings[i], verbose);
  if (const std::size_t more = group.findings.size() - shown; more > 0)
    out.paragraph("  - ", fmt::format("... and {} older; --verbose lists all", grouped(more)),
                  kDim);
  printAdvice(out, report, *group.findings.front());
}

void printGaps(Printer& out, const Report& report, bool verbose) {
  const std::vector<std::string> lines = blindSpots(report);
  if (lines.empty()) return;
  out.line();
  out.line(out.paint("COULD NOT LOOK", kMagenta));
  const std::size_t shown = verbose ? lines.size() : std::min(kGapsShown, lines.size());
  for (std::size_t i = 0; i < shown; ++i) out.paragraph("  - ", lines[i]);
  if (lines.size() > shown)
    out.paragraph(
        "  - ", fmt::format("... and {} more; --verbose lists all", grouped(lines.size() - shown)),
        kDim);
}

void printChecks(Printer& out, const Report& report) {
  out.line();
  out.line(out.paint("CHECKS", kBold));
  std::vector<std::vector<Cell>> rows;
  for (const CheckRun& run : report.checks) {
    const std::string last =
        run.outcome.notApplicable ? visible(*run.outcome.notApplicable) : formatDuration(run.took);
    rows.push_back({{visible(run.check)}, {words(run.verdict), colorOf(run.verdict)}, {last}});
  }
  out.rows(rows);
  if (report.checks.empty()) out.line("  none has run yet");
  for (const CheckRun& run : report.checks)
    for (const std::string& note : run.outcome.notes)
      out.paragraph("  - ", fmt::format("{}: {}", run.check, note));
}

}  // namespace

std::string formatTable(const Report& report, const TableStyle& style) {
  Printer out(style);
  out.paragraph("", headline(report), colorOf(report.verdict), 0);
  std::string about = report.site.url.text();
  if (!report.site.title.empty()) about += " (" + report.site.title + ")";
  about +=
      fmt::format(", asked {}, took {}", shortTime(report.started), formatDuration(report.took));
  out.paragraph("", about, kDim, 0);
  printPods(out, report);
  for (const FindingGroup& group : groupFindings(report))
    printGroup(out, report, group, style.verbose);
  printGaps(out, report, style.verbose);
  printChecks(out, report);
  return out.take();
}

}  // namespace rollcall
