#include <fmt/format.h>

#include "daemon/sinks/text.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"

namespace rollcall {
namespace {

constexpr std::size_t kEventsOpen = 8;  // the others are folded

std::string line(const BoardEvent& event, WallTime now) {
  return fmt::format("<li class=\"{}\"><span>{}</span> <small>{}</small></li>\n", event.tone,
                     html(event.text), timeTag(event.at, now));
}

std::string events(const Timeline& timeline, WallTime now) {
  std::string open, folded;
  std::size_t shown = 0;
  const auto& all = timeline.events();
  for (auto event = all.rbegin(); event != all.rend(); ++event)
    (shown++ < kEventsOpen ? open : folded) += line(*event, now);
  std::string text = "<ul class=\"events\">\n" + open + "</ul>\n";
  if (folded.empty()) return text;
  return text + fmt::format(
                    "<details id=\"older\"><summary>{}</summary>\n<ul class=\"events\">\n{}</ul>\n"
                    "</details>\n",
                    counted(shown - kEventsOpen, "older event"), folded);
}

std::string row(const BoardFailure& failure, WallTime now) {
  const std::string end = failure.ended ? timeTag(*failure.ended, now) : "goes on";
  return fmt::format(
      "<tr><th scope=\"row\" class=\"{}\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
      "<td>{}</td></tr>\n",
      name(failure.def->severity), html(failure.def->code),
      failure.pod.empty() ? "" : html(failure.pod), grouped(failure.count),
      timeTag(failure.began, now), end, html(failure.def->title));
}

std::string failures(const Timeline& timeline, WallTime now) {
  std::string rows;
  const auto& all = timeline.failures();
  for (auto failure = all.rbegin(); failure != all.rend(); ++failure) rows += row(*failure, now);
  const std::size_t count = all.size();
  const std::string_view time = timeline.resumed() ? " so far" : " since Rollcall started";
  if (rows.empty()) return fmt::format("<p class=\"soft\">no failure{}</p>\n", time);
  return fmt::format(
      "<details id=\"failures\"><summary>{}</summary>\n"
      "<table class=\"stacked\">\n<thead><tr><th scope=\"col\">Code</th><th scope=\"col\">Pod</th>"
      "<th scope=\"col\">Most</th><th scope=\"col\">Began</th><th scope=\"col\">Ended</th>"
      "<th scope=\"col\">What</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</details>\n",
      count < Timeline::kFailures ? fmt::format("{}{}", counted(count, "failure"), time)
                                  : fmt::format("the last {} failures", count),
      rows);
}

}  // namespace

std::string timelineSection(const Timeline& timeline, WallTime now) {
  return "<section id=\"timeline\">\n<h2>What happened</h2>\n" + events(timeline, now) +
         failures(timeline, now) + "</section>\n";
}

}  // namespace rollcall
