// JUnit XML: a suite per check, a case per pod and one for what concerns no single pod.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kMessagesPerFailure = 100;
constexpr std::string_view kWholeSite = "(site)";

std::string xml(std::string_view text) {
  return escapedInMarkup(visibleLines(text));
}

std::string seconds(std::chrono::milliseconds took) {
  return fmt::format("{:.3f}", std::chrono::duration<double>(took).count());
}

struct Case {
  std::string name;
  std::vector<std::string> elements;
  std::size_t failures = 0;
  std::size_t errors = 0;
};

std::string body(const Report& report, const FindingGroup& group) {
  std::string text;
  const std::size_t listed = std::min(kMessagesPerFailure, group.findings.size());
  for (std::size_t i = 0; i < listed; ++i) text += visible(group.findings[i]->message) + "\n";
  if (listed < group.findings.size())
    text += fmt::format("... and {} more\n", group.findings.size() - listed);
  const Finding& newest = *group.findings.front();
  if (!newest.cause.empty()) text += "cause: " + visible(newest.cause) + "\n";
  if (!newest.reproduce.empty()) text += "reproduce: " + visible(newest.reproduce) + "\n";
  if (const std::string now = restartNow(report, newest); !now.empty())
    text += "restart: " + visible(now) + "\n";
  text += "remedy: " + visible(remedyOf(newest)) + "\n";
  return xml(text);
}

void addFindings(Case& one, const Report& report, const std::vector<FindingGroup>& groups,
                 const std::string& check, const std::string& pod) {
  for (const FindingGroup& group : groups) {
    if (group.check != check || group.pod != pod || group.def->severity == Severity::kInfo)
      continue;
    ++one.failures;
    one.elements.push_back(fmt::format(R"x(<failure type="{} {}" message="{} ({})">{}</failure>)x",
                                       xml(group.def->code), name(group.def->severity),
                                       xml(group.def->title), group.findings.size(),
                                       body(report, group)));
  }
}

void addGaps(Case& one, const CheckRun& run, const std::string& pod) {
  for (const Gap& gap : run.outcome.gaps) {
    if (gap.pod != pod) continue;
    ++one.errors;
    one.elements.push_back(fmt::format(R"(<error type="{}" message="could not look: {}: {}"/>)",
                                       name(gap.why.code), xml(visible(gap.what)),
                                       xml(visible(gap.why.message))));
  }
}

std::vector<Case> casesOf(const Report& report, const CheckRun& run,
                          const std::vector<FindingGroup>& groups) {
  Case site{std::string(kWholeSite)};
  if (run.outcome.notApplicable) {
    site.elements.push_back(
        fmt::format(R"(<skipped message="{}"/>)", xml(visible(*run.outcome.notApplicable))));
    return {site};
  }
  if (run.error) {
    ++site.errors;
    site.elements.push_back(fmt::format(R"(<error type="{}" message="could not run: {}"/>)",
                                        name(run.error->code), xml(visible(run.error->message))));
  }
  addFindings(site, report, groups, run.check, "");
  addGaps(site, run, "");
  std::vector<Case> cases{site};
  for (const PodReport& pod : report.pods) {
    if (run.error) break;
    Case& one = cases.emplace_back();
    one.name = visible(pod.pod.name);
    addFindings(one, report, groups, run.check, pod.pod.name);
    addGaps(one, run, pod.pod.name);
  }
  return cases;
}

std::string suite(const Report& report, const CheckRun& run,
                  const std::vector<FindingGroup>& groups) {
  const std::vector<Case> cases = casesOf(report, run, groups);
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::string inner;
  for (const Case& one : cases) {
    failures += one.failures > 0;
    errors += one.errors > 0;
    inner += fmt::format(R"(    <testcase classname="rollcall.{}" name="{}" time="{}">)",
                         xml(visible(run.check)), xml(one.name), seconds(run.took));
    inner += '\n';
    for (const std::string& element : one.elements) inner += "      " + element + "\n";
    inner += "    </testcase>\n";
  }
  return fmt::format(
             R"(  <testsuite name="rollcall.{}" tests="{}" failures="{}" errors="{}" skipped="{}" time="{}" timestamp="{}">)",
             xml(visible(run.check)), cases.size(), failures, errors,
             run.outcome.notApplicable ? 1 : 0, seconds(run.took), shortTime(run.started)) +
         "\n" + inner + "  </testsuite>\n";
}

}  // namespace

std::string formatJunit(const Report& report) {
  const std::vector<FindingGroup> groups = groupFindings(report);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites name=\"rollcall {}\" time=\"{}\">\n",
                      xml(visible(report.site.url.text())), seconds(report.took));
  for (const CheckRun& run : report.checks) text += suite(report, run, groups);
  return text + "</testsuites>\n";
}

}  // namespace rollcall
