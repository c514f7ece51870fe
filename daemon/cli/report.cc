#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "daemon/cli/commands.h"
#include "daemon/cli/one_round.h"
#include "daemon/cli/output_folder.h"
#include "daemon/cli/terminal.h"
#include "daemon/core/publication.h"
#include "daemon/core/version.h"
#include "daemon/net/http_client.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/push.h"
#include "daemon/sinks/text.h"
#include "daemon/sinks/webhook.h"
#include "daemon/sinks/webhook_message.h"
#include "daemon/state/history.h"
#include "daemon/web/report_document.h"

namespace rollcall {
namespace {

// A report, and where it goes. Each delivery says on stderr why it failed, and the others go on.
class Delivery {
 public:
  Delivery(const Options& options, const Config& config, Report report)
      : options_(options), config_(config), report_(std::move(report)) {}

  // False when one of them failed.
  bool run() {
    const bool kept = keep();
    const bool written = options_.report.folder.empty() ? print() : write();
    const bool pushed = push();
    return tell() && pushed && written && kept;
  }

 private:
  static bool said(const Result<void>& done) {
    if (!done) complain(done.error().message);
    return done.has_value();
  }

  std::string text(OutputFormat format) const {
    switch (format) {
      case OutputFormat::kMarkdown:
        return formatMarkdown(report_, chronicle_ ? &*chronicle_ : nullptr);
      case OutputFormat::kHtml:
        return formatHtml(report_, chronicle_ ? &*chronicle_ : nullptr);
      case OutputFormat::kJson:
        return formatJson(report_, config_.maxFindings);
      case OutputFormat::kJunit:
        return formatJunit(report_);
      case OutputFormat::kTable:
      case OutputFormat::kNagios:
      case OutputFormat::kPrometheus:
        break;
    }
    std::abort();
  }

  bool keep() {
    if (config_.stateFile.empty()) return true;
    const auto history = History::open(config_.stateFile, report_.site.url.text());
    if (!history) return said(history.error());
    Result<Chronicle> chronicle = (*history)->take(report_);
    if (!chronicle) return said(chronicle.error());
    chronicle_ = std::move(*chronicle);
    return true;
  }

  bool print() const { return printOut(text(options_.output)); }

  bool write() const {
    Result<void> written =
        writeFiles(options_.report.folder, {{"report.md", text(OutputFormat::kMarkdown)},
                                            {"report.html", text(OutputFormat::kHtml)},
                                            {"report.json", text(OutputFormat::kJson)},
                                            {"report.xml", text(OutputFormat::kJunit)}});
    return said(written) && printOut(headline(report_) + "\n");
  }

  bool push() const {
    if (options_.report.pushUrl.empty()) return true;
    const SystemClock clock;
    const std::unique_ptr<HttpClient> http =
        makeCurlClient(clock, fmt::format("rollcall/{}", kVersion));
    return said(pushReport(clock, *http, options_.report.pushUrl, report_));
  }

  bool tell() const {
    if (!options_.report.webhook) return true;
    const SystemClock clock;
    const std::unique_ptr<HttpClient> http =
        makeCurlClient(clock, fmt::format("rollcall/{}", kVersion));
    const WebhookMessage message = reportMessage(
        config_.webhook, report_, chronicle_ ? &*chronicle_ : nullptr, newWebhookKey());
    return said(tellWebhook(clock, *http, config_.webhook, message));
  }

  const Options& options_;
  const Config& config_;
  Report report_;
  std::optional<Chronicle> chronicle_;
};

}  // namespace

int reportCommand(const CheckRegistry& registry, const Options& options, const Config& config,
                  const Environment& environment) {
  if (options.report.webhook && config.webhook.url.empty()) {
    complain(
        "--webhook: where is not known: name a file with its URL in webhook.url_file, or set "
        "ROLLCALL_WEBHOOK_URL");
    return kExitUsage;
  }
  const RoundResult round = takeOneRound(
      registry, config, {.only = options.only, .timeout = options.timeout, .everything = true},
      environment);
  if (!round.report) return round.exitCode;
  const bool delivered = Delivery(options, config, publicForm(*round.report)).run();
  const int code = exitCodeOf(*round.report, options.failOn);
  return delivered ? code : std::max(code, kExitUnknown);
}

}  // namespace rollcall
