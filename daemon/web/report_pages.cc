#include "daemon/web/report_pages.h"

#include <utility>

#include "daemon/core/publication.h"
#include "daemon/sinks/formats.h"
#include "daemon/web/gzip.h"

namespace rollcall {
namespace {

class ReportPages final : public WebPages {
 public:
  explicit ReportPages(WebContent content) : content_(std::move(content)) {}

  WebPage at(const std::string& path, bool gzip) override {
    if (path == "/") return page(gzip);
    if (path == "/metrics") return {200, kMetricsType, content_.metrics()};
    if (path == "/livez")
      return content_.live() ? plainPage(200, "live\n")
                             : plainPage(503, "the engine has not turned lately\n");
    if (path == "/readyz")
      return content_.ready() ? plainPage(200, "ready\n")
                              : plainPage(503, "the first round of checks is not complete\n");
    if (path == "/api/v1/report") return report();
    return plainPage(404, "nothing here; see / /metrics /api/v1/report /livez /readyz\n");
  }

 private:
  WebPage report() {
    refresh();
    if (!shown_) return {503, "application/json", "{\"error\": \"no check has completed yet\"}\n"};
    if (json_.empty()) json_ = formatJson(publicForm(*shown_->report), content_.maxFindings);
    return {200, "application/json", json_};
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
