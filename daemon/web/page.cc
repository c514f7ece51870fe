// The status page as a document: rendered here, nothing loaded from anywhere, whole without its
// script.
#include <fmt/format.h>

#include "daemon/core/publication.h"
#include "daemon/core/version.h"
#include "daemon/sinks/text.h"
#include "daemon/web/assets.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"
#include "daemon/web/report_pages.h"

namespace rollcall {
namespace {

std::string lead(const Report& report, const Timeline& timeline) {
  if (!report.leads) return "";
  const std::string since = timeTag(timeline.leadKnownSince(), momentOf(report));
  if (*report.leads)
    return fmt::format("<p class=\"soft\">This replica of Rollcall leads since {}.</p>\n", since);
  return fmt::format(
      "<p class=\"soft\">Another replica of Rollcall leads since {} or longer: this one leaves to "
      "it what is expensive for the pods.</p>\n",
      since);
}

std::string about(const Report& report, const Timeline& timeline) {
  const std::string site = html(report.site.url.text());
  return fmt::format("<p class=\"soft\">{0}{1} as of <time datetime=\"{2}\">{2}</time></p>\n",
                     html(report.site.title), report.site.title.empty() ? site : " (" + site + ")",
                     shortTime(momentOf(report))) +
         lead(report, timeline);
}

std::string body(const Report& report, const Timeline& timeline) {
  return fmt::format("<section id=\"verdict\">\n<h1 class=\"{}\">{}</h1>\n{}</section>\n",
                     name(report.verdict), html(headline(report)), about(report, timeline)) +
         podsSection(report) + findingsSection(report) + blindSpotsSection(report) +
         newestSection(report) + timelineSection(timeline, momentOf(report)) +
         checksSection(report);
}

// Of the verdict's colour, so that a tab tells.
std::string icon(std::string_view verdict) {
  return fmt::format(
      "<link rel=\"icon\" id=\"icon\" href=\"data:image/svg+xml,%3Csvg "
      "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' "
      "fill='{}'/%3E%3C/svg%3E\">\n",
      verdict == "PASS"   ? "green"
      : verdict == "FAIL" ? "crimson"
      : verdict == "WARN" ? "orange"
                          : "purple");
}

}  // namespace

std::string renderPage(const Board* board) {
  const bool known = board && !board->report->checks.empty();
  const std::string_view verdict = known ? title(board->report->verdict) : "starting";
  const std::string text =
      known ? body(publicForm(*board->report), *board->timeline)
            : "<section id=\"verdict\">\n<h1 class=\"unknown\">Rollcall has just started: no check "
              "has completed yet</h1>\n</section>\n";
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>\n"
      "<title>{} - Rollcall</title>\n{}<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n"
      "<footer><p id=\"notice\" role=\"status\"></p>\n<p>Rollcall {}. The same for programs: "
      "<a href=\"api/v1/report\">report</a>, <a href=\"metrics\">metrics</a>. Times are UTC; this "
      "page renews itself.</p></footer>\n<script>{}</script>\n</body>\n</html>\n",
      verdict, icon(verdict), kPageStyle, text, kVersion, kPageScript);
}

}  // namespace rollcall
