// The matrix: a row a post, a column a pod. A cell says its state by colour, by sign and in words,
// and how long ago it was learned.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "daemon/sinks/text.h"
#include "daemon/web/html.h"
#include "daemon/web/page_parts.h"

namespace rollcall {
namespace {

constexpr std::size_t kFewPods = 6;  // their names stand upright

// The sign of each is in page.css.
struct StateWords {
  std::string_view state;
  std::string_view meaning;
};
constexpr std::array<StateWords, 9> kStates{{
    {"ok", "answers as it should"},
    {"missing", "answers 404"},
    {"moved", "redirects elsewhere"},
    {"declared", "names another address for it"},
    {"error", "fails to render it"},
    {"served", "serves it though it is not public"},
    {"settling", "changed a moment ago: not judged yet"},
    {"timeout", "did not answer in time"},
    {"unknown", "could not be looked at"},
}};

using Messages = std::map<std::pair<std::string_view, std::string_view>, const Finding*>;

// By post and pod; no pod stands for all.
Messages messagesOf(const CheckRun& run) {
  Messages messages;
  for (const Finding& finding : run.outcome.findings)
    if (finding.resource && finding.resource->type == "post")
      messages.emplace(Messages::key_type(finding.resource->id, finding.pod), &finding);
  return messages;
}

// The run that took the roll of the posts; null when none did.
const CheckRun* runOf(const Report& report) {
  const auto found = std::ranges::find_if(
      report.checks, [](const CheckRun& run) { return !run.outcome.tally.newest.empty(); });
  return found == report.checks.end() ? nullptr : &*found;
}

// Counted, and none found.
bool noneIsPublished(const Report& report) {
  return std::ranges::any_of(report.checks, [](const CheckRun& run) {
    const auto posts = run.outcome.tally.resources.find("post");
    return !run.error && posts != run.outcome.tally.resources.end() && posts->second == 0;
  });
}

std::string_view meaningOf(std::string_view state) {
  const auto found = std::ranges::find(kStates, state, &StateWords::state);
  return found == kStates.end() ? state : found->meaning;
}

class Matrix {
 public:
  Matrix(const Report& report, const CheckRun& run)
      : report_(report),
        rows_(run.outcome.tally.newest),
        messages_(messagesOf(run)),
        now_(momentOf(report)) {
    for (const PodReport& pod : report.pods) names_.push_back(html(pod.pod.name));
  }

  std::string text() const {
    std::string text = fmt::format(
        "<div class=\"scroll\" id=\"matrix\" role=\"region\" tabindex=\"0\" "
        "aria-label=\"The newest posts on each pod\">\n<table class=\"matrix{}\">\n<thead><tr>"
        "<th scope=\"col\">Post</th>",
        report_.pods.size() <= kFewPods ? " few" : "");
    for (const std::string& pod : names_)
      text += fmt::format("<th scope=\"col\"><span>{}</span></th>", pod);
    text += "</tr></thead>\n<tbody>\n";
    for (const RollRow& row : rows_) text += line(row);
    return text + "</tbody>\n</table>\n</div>\n";
  }

 private:
  std::string line(const RollRow& row) const {
    const std::string slug = html(row.resource.slug);
    std::string text = fmt::format("<tr id=\"p-{}\"><th scope=\"row\"><a href=\"{}\">{}</a></th>",
                                   idOf(row.resource.id), html(row.resource.url), slug);
    for (std::size_t i = 0; i < report_.pods.size(); ++i) {
      const auto cell = row.cells.find(report_.pods[i].pod.name);
      text += cell == row.cells.end()
                  ? fmt::format(
                        "<td class=\"nothing\" title=\"{} on {}: nothing is known yet\">"
                        "<i>not looked at yet</i></td>",
                        slug, names_[i])
                  : known(row, slug, i, cell->second);
    }
    return text + "</tr>\n";
  }

  std::string known(const RollRow& row, const std::string& slug, std::size_t pod,
                    const RollCell& cell) const {
    const bool fine = cell.state == "ok";
    const Finding* finding = fine ? nullptr : about(row.resource.id, report_.pods[pod].pod.name);
    return fmt::format(
        "<td class=\"{0}\" title=\"{1} on {2}: {3}; {4} at {5}\"><i>{0}</i> {6}</td>", cell.state,
        slug, names_[pod], finding ? html(finding->message) : std::string(meaningOf(cell.state)),
        cell.confirmed ? "asked" : "by its own lists", shortTime(cell.asOf),
        shortAge(cell.asOf, now_));
  }

  const Finding* about(std::string_view post, std::string_view pod) const {
    auto found = messages_.find({post, pod});
    if (found == messages_.end()) found = messages_.find({post, ""});
    return found == messages_.end() ? nullptr : found->second;
  }

  const Report& report_;
  const std::vector<RollRow>& rows_;
  const Messages messages_;
  const WallTime now_;
  std::vector<std::string> names_;  // of the pods, escaped
};

std::string legend() {
  std::string text = "<ul class=\"legend\">\n";
  for (const StateWords& one : kStates)
    text +=
        fmt::format("<li><span class=\"key {0}\"></span>{0}: {1}</li>\n", one.state, one.meaning);
  return text + "<li><span class=\"key nothing\"></span>not looked at yet</li>\n</ul>\n";
}

}  // namespace

std::string newestSection(const Report& report) {
  std::string text = "<section id=\"newest\">\n<h2>The newest posts on each pod</h2>\n";
  const CheckRun* run = runOf(report);
  if (!run || report.pods.empty())
    return text + fmt::format("<p class=\"soft\">{}</p>\n</section>\n",
                              noneIsPublished(report)
                                  ? "no post is published"
                                  : "the roll was not taken: see the check posts");
  return text + Matrix(report, *run).text() +
         "<p id=\"cell\" class=\"soft\" aria-live=\"polite\"></p>\n"
         "<details id=\"legend\"><summary>Signs</summary>\n" +
         legend() + "</details>\n</section>\n";
}

}  // namespace rollcall
