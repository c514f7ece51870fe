#include "daemon/sinks/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace rollcall {
namespace {

std::size_t widthOf(char32_t point) {
  if ((point >= 0x0300 && point <= 0x036F) || point == 0x200C || point == 0x200D ||
      (point >= 0xFE00 && point <= 0xFE0F))
    return 0;
  const bool wide = (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
                    (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
                    (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60) ||
                    (point >= 0x1F300 && point <= 0x1FAFF) ||
                    (point >= 0x20000 && point <= 0x3FFFD);
  return wide ? 2 : 1;
}

// The next piece that must stay whole: up to a space outside of backquotes.
std::string_view takeWord(std::string_view& text) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '`') quoted = !quoted && text.find('`', end + 1) != std::string_view::npos;
    if (text[end] == ' ' && !quoted) break;
  }
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return word;
}

// What a headline counts: the findings of the worst severity, of its commonest code.
struct Subject {
  const FindingDef* def = nullptr;
  bool ofDatabase = false;
  std::size_t count = 0;
  std::set<std::string> pods;
  std::map<std::string, std::set<std::string>> resources;  // type -> ids
};

// One per code, worst severity first, then the commonest. Of equals the database comes first: what
// else is wrong may only follow from it, and much that is wrong cannot be seen without it.
std::vector<Subject> subjects(const Report& report) {
  std::map<std::string_view, Subject> byCode;
  for (const CheckRun& run : report.checks) {
    for (const Finding& finding : run.outcome.findings) {
      if (finding.def->severity == Severity::kInfo) continue;
      Subject& subject = byCode[finding.def->code];
      subject.def = finding.def;
      subject.ofDatabase = run.check == "database";
      ++subject.count;
      if (!finding.pod.empty()) subject.pods.insert(finding.pod);
      if (finding.resource) subject.resources[finding.resource->type].insert(finding.resource->id);
    }
  }
  std::vector<Subject> sorted;
  for (auto& [code, subject] : byCode) sorted.push_back(std::move(subject));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Subject& a, const Subject& b) {
    return std::tuple(a.def->severity, a.count, a.ofDatabase) >
           std::tuple(b.def->severity, b.count, b.ofDatabase);
  });
  return sorted;
}

std::string joined(const std::vector<std::string>& parts, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? last : ", ";
    text += parts[i];
  }
  return text;
}

std::string whatIsWrong(const Report& report) {
  const std::vector<Subject> all = subjects(report);
  if (all.empty()) return "see the checks";
  const Subject& first = all.front();
  std::vector<std::string> things;
  for (const auto& [type, ids] : first.resources) things.push_back(counted(ids.size(), type));
  std::string where = joined(things, " and ");
  if (!first.pods.empty())
    where += fmt::format("{}{} of {}", where.empty() ? "" : " on ", first.pods.size(),
                         counted(report.pods.size(), "pod"));
  std::string text = where.empty() ? std::string(first.def->title)
                                   : fmt::format("{}: {}", where, first.def->title);
  std::vector<std::string> codes;
  for (std::size_t i = 1; i < all.size(); ++i) codes.emplace_back(all[i].def->code);
  if (!codes.empty()) text += fmt::format("; also {}", joined(codes, " and "));
  return text;
}

std::string whatIsPending(const Report& report) {
  return fmt::format("{} of {} {} not run yet: {}", grouped(report.pending.size()),
                     counted(report.checks.size() + report.pending.size(), "check"),
                     report.pending.size() == 1 ? "has" : "have", joined(report.pending, " and "));
}

std::string whatWasNotSeen(const Report& report) {
  std::vector<std::string> reasons;
  for (const CheckRun& run : report.checks) {
    if (run.error) reasons.push_back(fmt::format("{}: {}", run.check, run.error->message));
    for (const Gap& gap : run.outcome.gaps)
      reasons.push_back(fmt::format("{}{}{}: {}", gap.pod, gap.pod.empty() ? "" : ": ", gap.what,
                                    gap.why.message));
  }
  if (reasons.empty() && !report.pending.empty()) return whatIsPending(report);
  if (reasons.empty()) return "no check has run yet";
  std::string text = fmt::format("could not look: {}", reasons.front());
  if (reasons.size() > 1) text += fmt::format(" (and {} more)", grouped(reasons.size() - 1));
  return text;
}

std::string whatIsWell(const Report& report) {
  std::map<std::string, std::uint64_t> expected;
  std::size_t ran = 0;
  for (const CheckRun& run : report.checks) {
    if (run.verdict != Verdict::kNotApplicable) ++ran;
    for (const auto& [type, count] : run.outcome.tally.resources) expected.emplace(type, count);
  }
  std::vector<std::string> parts{counted(report.pods.size(), "pod")};
  for (const char* type : {"post", "page", "tag", "author"})
    if (const auto found = expected.find(type); found != expected.end())
      parts.push_back(counted(found->second, type));
  return fmt::format("{}: nothing wrong was seen ({})", joined(parts, " and "),
                     counted(ran, "check"));
}

std::string sentence(const Report& report) {
  switch (report.verdict) {
    case Verdict::kPass:
      return whatIsWell(report);
    case Verdict::kWarn:
    case Verdict::kFail:
      return whatIsWrong(report);
    case Verdict::kUnknown:
      return whatWasNotSeen(report);
    case Verdict::kNotApplicable:
      return "no check had what it needs to run";
  }
  return "";
}

}  // namespace

std::string escapedInJson(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  while (!json.empty()) {
    const char32_t point = takeCodePoint(json);
    if (point == '\n' || !isHarmful(point)) {
      appendCodePoint(escaped, point);
    } else if (point < 0x10000) {
      escaped += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point));
    } else {
      const std::uint32_t high = 0xD800 + ((point - 0x10000) >> 10);
      const std::uint32_t low = 0xDC00 + ((point - 0x10000) & 0x3FF);
      escaped += fmt::format("\\u{:04x}\\u{:04x}", high, low);
    }
  }
  return escaped;
}

std::string escapedInMarkup(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::size_t columns(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += widthOf(takeCodePoint(text));
  return width;
}

bool isCommand(std::string_view text) {
  constexpr std::array<std::string_view, 9> kPrograms{"kubectl ", "curl ", "docker ",
                                                      "podman ",  "helm ", "systemctl ",
                                                      "mysql ",   "sudo ", "rollcall "};
  return std::any_of(kPrograms.begin(), kPrograms.end(), [&](std::string_view program) {
    return text.substr(0, program.size()) == program;
  });
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t first) {
  if (isCommand(text)) return {std::string(text)};
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view word = takeWord(text);
    if (word.empty()) continue;
    std::string& line = lines.back();
    if (line.empty())
      line = word;
    else if (columns(line) + 1 + columns(word) <=
             (lines.size() == 1 ? std::min(first, width) : width))
      line.append(" ").append(word);
    else
      lines.emplace_back(word);
  }
  return lines;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string shortTime(WallTime time) {
  std::string text = formatTime(time);
  if (text.size() > 5) text.replace(text.size() - 5, 5, "Z");
  return text;
}

std::string_view title(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kWarn:
      return "WARN";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kUnknown:
      return "UNKNOWN";
    case Verdict::kNotApplicable:
      return "NOT APPLICABLE";
  }
  return "UNKNOWN";
}

std::string headline(const Report& report) {
  return visible(fmt::format("{}: {}", title(report.verdict), sentence(report)));
}

std::string remedyOf(const Finding& finding) {
  return finding.remedy.empty() ? std::string(finding.def->remedy) : finding.remedy;
}

std::string restartNow(const Report& report, const Finding& finding) {
  if (!asksForRestart(remedyOf(finding))) return "";
  return inWords(restartSafety(report, finding.pod));
}

std::string inWords(const RestartSafety& safety) {
  return safety.safe ? std::string("safe now")
                     : fmt::format("NOT safe now: {}", fmt::join(safety.reasons, "; "));
}

Advice splitAdvice(std::string_view remedy) {
  std::size_t start = 0;
  std::size_t before = 0;
  while (!isCommand(remedy.substr(start))) {
    before = remedy.find(": ", start);
    if (before == std::string_view::npos) return {std::string(remedy), "", ""};
    start = before + 2;
  }
  const std::size_t end = std::min(remedy.find("; ", start), remedy.size());
  return {std::string(remedy.substr(0, before)), std::string(remedy.substr(start, end - start)),
          std::string(remedy.substr(std::min(end + 2, remedy.size())))};
}

std::string stateOf(const PodReport& pod) {
  std::vector<std::string> parts;
  if (!pod.asked)
    parts.emplace_back("not asked");
  else if (!pod.facts.reachable)
    parts.emplace_back("not reached");
  if (pod.pod.terminating) parts.emplace_back("leaving");
  if (!pod.pod.ready) parts.emplace_back("not ready");
  if (pod.facts.privateMode.value_or(false)) parts.emplace_back("private");
  if (pod.facts.bootedAt) parts.push_back("booted " + shortTime(*pod.facts.bootedAt));
  if (pod.pod.restarts.value_or(0) > 0) parts.push_back(counted(*pod.pod.restarts, "restart"));
  if (!pod.pod.node.empty())
    parts.push_back("on " + pod.pod.node +
                    (pod.pod.zone.empty() ? "" : fmt::format(" ({})", pod.pod.zone)));
  return joined(parts, ", ");
}

}  // namespace rollcall
