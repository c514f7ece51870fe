#include "daemon/web/report_pages.h"

#include <utility>

#include "daemon/core/publication.h"
#include "daemon/sinks/formats.h"
#include "daemon/web/gzip.h"
#include "daemon/web/verdict.h"

namespace rollcall {
namespace {

class ReportPages final : public WebPages {
 public:
  explicit ReportPages(WebContent content) : content_(std::move(content)) {
    if (content_.probe) desk_.emplace(clock_, *content_.probe);
  }

  int news() const override { return desk_ ? desk_->news() : -1; }

  WebPage at(const WebRequest& request) override {
    const std::string& path = request.path;
    if (path == "/") return page(request.gzip);
    if (path == "/metrics") return {200, kMetricsType, content_.metrics()};
    if (path == "/livez")
      return content_.live() ? plainPage(200, "live\n")
                             : plainPage(503, "the engine has not turned lately\n");
    if (path == "/readyz")
      return content_.ready() ? plainPage(200, "ready\n")
                              : plainPage(503, "the first round of checks is not complete\n");
    if (path == "/api/v1/report") return report();
    if (path == "/api/v1/verdict") return verdict(request.query);
    if (path == "/probe") return probe(request);
    return plainPage(
        404, "nothing here; see / /metrics /api/v1/report /api/v1/verdict /livez /readyz\n");
  }

 private:
  WebPage report() {
    refresh();
    if (!shown_) return {503, "application/json", errorDocument("no check has completed yet")};
    if (json_.empty()) json_ = formatJson(publicForm(*shown_->report), content_.maxFindings);
    return {200, "application/json", json_};
  }

  WebPage verdict(const WebQuery& query) {
    refresh();
    const Result<VerdictQuestion> question = readVerdictQuestion(query, content_.plan);
    if (!question) return {400, "application/json", errorDocument(question.error().message)};
    return {200, "application/json",
            verdictDocument(shown_ ? shown_->report.get() : nullptr, *question, content_.plan,
                            content_.now())};
  }

  WebPage probe(const WebRequest& request) {
    if (!desk_)
      return plainPage(404, "probes are switched off; probe.enabled: true switches them on\n");
    Result<ProbeQuestion> question = readProbeQuestion(request, content_.plan);
    if (!question) return plainPage(400, question.error().message + "\n");
    refresh();
    if (shown_ && !question->pod.empty()) {
      if (const auto refused = refusePod(*shown_->report, question->pod))
        return plainPage(400, refused->message + "\n");
      for (const PodReport& one : shown_->report->pods)
        if (one.pod.name == question->pod) question->known = one.pod;
    }
    return desk_->page(*question);
  }

  // Packed once, a page of many pods is sent to a thousand readers without delaying a scrape.
  WebPage page(bool gzip) {
    refresh();
    if (page_.empty()) {
      page_ = renderPage(shown_.get());
      packed_ = packGzip(page_);
    }
    if (gzip && !packed_.empty()) return {200, "text/html; charset=utf-8", packed_, "gzip"};
    return {200, "text/html; charset=utf-8", page_};
  }

  void refresh() {
    std::shared_ptr<const Board> latest = content_.board();
    if (latest == shown_) return;
    shown_ = std::move(latest);
    json_.clear();
    page_.clear();
  }

  WebContent content_;
  const SystemClock clock_;
  std::optional<ProbeDesk> desk_;
  std::shared_ptr<const Board> shown_;
  std::string json_;  // of shown_; empty until asked for
  std::string page_;
  std::string packed_;  // page_, or empty when that failed
};

}  // namespace

std::unique_ptr<WebPages> makeReportPages(WebContent content) {
  return std::make_unique<ReportPages>(std::move(content));
}

}  // namespace rollcall
