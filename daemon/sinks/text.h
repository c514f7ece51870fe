// Text from outside made safe to show, and the words all outputs for people share. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/report.h"
#include "daemon/core/restart_safety.h"
#include "daemon/core/visible_text.h"
#include "daemon/sinks/formats.h"

namespace rollcall {

// JSON text with the characters that visible() would replace written as \u escapes: the same
// document, safe to print.
std::string escapedInJson(std::string_view json);

// Text as it stands in HTML or XML, between tags and in quoted attributes alike. Give it what
// visible() or visibleLines() returned: it only sees to the markup.
std::string escapedInMarkup(std::string_view text);

// Terminal columns of valid UTF-8: wide characters are two, combining ones none.
std::size_t columns(std::string_view text);

// Broken at spaces into lines of at most `width` columns, the first of `first` when that is less. A
// word that is longer, and whatever stands in `backquotes`, is never broken. Text that is a command
// as a whole (isCommand) is one line. At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t first = -1);
// To be pasted as it is: starts with a program an operator of Ghost types ("kubectl", "curl", ...).
bool isCommand(std::string_view text);

// "1 post", "1,024 posts"
std::string counted(std::uint64_t count, std::string_view noun);
// 1024 -> "1,024"
std::string grouped(std::uint64_t number);
// "2026-01-01T10:00:00Z"
std::string shortTime(WallTime time);

// The whole report in one sentence: "FAIL: 1 post on 2 of 3 pods: published but missing ...".
std::string headline(const Report& report);
// "PASS", "NOT APPLICABLE"
std::string_view title(Verdict verdict);
// " (5 posts)", " (3 findings)"; empty for a single finding.
std::string countOf(const FindingGroup& group);
// The finding's own remedy, else its code's.
std::string remedyOf(const Finding& finding);
// Whether what the finding's remedy restarts can be restarted now: "safe now", or "NOT safe now:
// why". Empty when the remedy restarts nothing.
std::string restartNow(const Report& report, const Finding& finding);
std::string inWords(const RestartSafety& safety);
// A remedy's command on its own, to be copied: "restart a: kubectl delete pod a; then wait" is
// {"restart a", "kubectl delete pod a", "then wait"}. All in `before` when it holds no command.
struct Advice {
  std::string before;
  std::string command;
  std::string after;
};
Advice splitAdvice(std::string_view remedy);
// "booted 2026-01-01T09:58:00Z, private", "unreachable", "leaving", ...; may be empty.
std::string stateOf(const PodReport& pod);

}  // namespace rollcall
