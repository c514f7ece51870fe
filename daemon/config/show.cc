// The effective configuration as YAML.
#include <fmt/format.h>

#include <iterator>

#include "daemon/config/config.h"
#include "daemon/config/text.h"

namespace rollcall {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < ' ')
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result + "\"";
}

std::string paramText(const ParamValue& value) {
  struct Printer {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(Duration duration) const { return durationText(duration); }
    std::string operator()(const std::string& text) const { return quoted(text); }
  };
  return std::visit(Printer{}, value);
}

// Lines of YAML; an empty value becomes a comment.
class Page {
 public:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void optional(std::string_view indent, std::string_view key, const std::string& value) {
    if (value.empty())
      line("{}# {}: (not set)", indent, key);
    else
      line("{}{}: {}", indent, key, quoted(value));
  }
  void secret(std::string_view indent, std::string_view key, const std::string& value) {
    line("{}# {}: {}", indent, key, value.empty() ? "(not set)" : "(set)");
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string podUrl(const Pod& pod) {
  return fmt::format("{}://{}", pod.scheme, pod.address());
}

void showKubernetes(Page& page, const Config& config) {
  if (!config.kubernetes && config.lease.empty()) return page.line("# kubernetes: (not set)");
  const KubernetesConfig pods = config.kubernetes.value_or(KubernetesConfig{});
  page.line("kubernetes:");
  page.optional("  ", "selector", pods.selector);
  page.optional("  ", "service", pods.service);
  page.optional("  ", "namespace", pods.nameSpace);
  page.optional("  ", "port", pods.port);
  page.optional("  ", "lease", config.lease);
  if (config.kubernetes) page.line("  events: {}", config.events);
}

void showSite(Page& page, const Config& config) {
  if (!config.url && !config.adminUrl) {
    page.line("# site: (not set)");
  } else {
    page.line("site:");
    page.optional("  ", "url", config.url ? config.url->text() : "");
    page.optional("  ", "admin_url", config.adminUrl ? config.adminUrl->text() : "");
  }
  if (config.pods.empty()) {
    page.line("# pods: (not set)");
  } else {
    page.line("pods:");
    for (const Pod& pod : config.pods)
      page.line("  - {{name: {}, url: {}}}", quoted(pod.name), quoted(podUrl(pod)));
  }
  page.optional("", "pods_dns", config.podsDns);
  showKubernetes(page, config);
  page.optional("", "pod_ca", config.podCaFile);
}

void showDatabase(Page& page, const Config& config) {
  if (!config.database) return page.line("# database: (not set)");
  const DatabaseConfig& database = *config.database;
  page.line("database:");
  if (database.socket.empty()) {
    page.line("  host: {}", quoted(database.host));
    page.line("  port: {}", database.port);
  } else {
    page.line("  socket: {}", quoted(database.socket));
  }
  page.line("  name: {}", quoted(database.name));
  page.line("  user: {}", quoted(database.user));
  page.secret("  ", "password", database.password);
  if (config.databaseReader)
    page.line("  reader: {}", quoted(fmt::format("{}:{}", config.databaseReader->host,
                                                 config.databaseReader->port)));
  page.line("  tls:");
  page.line("    enabled: {}", database.tls);
  page.optional("    ", "ca", database.caFile);
  page.line("  query_timeout: {}", durationText(database.queryTimeout));
  page.line("  follow: {}", database.follow == Follow::kBinlog ? "binlog" : "poll");
}

void showWebhook(Page& page, const WebhookConfig& webhook) {
  page.line("webhook:");
  page.secret("  ", "url", webhook.url);
  page.secret("  ", "secret", webhook.secret);
  page.line("  format: {}", webhook.format == WebhookFormat::kSlack ? "slack" : "generic");
  page.line("  findings: {}", webhook.findings);
  page.optional("  ", "status_page", webhook.statusPage);
  page.optional("  ", "runbook_url", webhook.runbookUrl);
}

std::string quotedList(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts) all.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(all, ", "));
}

// Of the environment only the names are known here.
void showCommands(Page& page, const Config& config) {
  if (config.commands.empty()) return page.line("# commands: (not set)");
  page.line("commands:");
  for (const ExecCommand& command : config.commands) {
    page.line("  - name: {}", quoted(command.name));
    page.line("    argv: {}", quotedList(command.argv));
    page.line("    env: {}", quotedList(command.environment));
    page.line("    timeout: {}", durationText(command.timeout));
    page.line("    per_pod: {}", command.perPod);
    page.line("    max_output: {}", command.maxOutput);
  }
}

void showChecks(Page& page, const Config& config) {
  if (config.checks.empty()) return;
  page.line("checks:");
  for (const auto& [name, check] : config.checks) {
    page.line("  {}:", name);
    page.line("    enabled: {}", check.enabled);
    page.line("    interval: {}", durationText(check.interval));
    page.line("    timeout: {}", durationText(check.timeout));
    for (const auto& [key, value] : check.params.values()) {
      const auto* text = std::get_if<std::string>(&value);
      if (text && text->empty())
        page.line("    # {}: (not set)", key);
      else
        page.line("    {}: {}", key, paramText(value));
    }
  }
}

}  // namespace

std::string showConfig(const Config& config) {
  Page page;
  showSite(page, config);
  showDatabase(page, config);
  if (config.contentDir.empty()) {
    page.line("# content: (not set)");
  } else {
    page.line("content:");
    page.line("  path: {}", quoted(config.contentDir));
  }
  page.optional("", "routes", config.routesFile);
  page.secret("", "content_api_key", config.contentKey);
  page.secret("", "admin_api_key", config.adminKey);
  page.secret("", "purge_token", config.purgeToken);
  showWebhook(page, config.webhook);
  page.line("settle: {}", durationText(config.settle));
  page.line("budget:");
  page.line("  pages: {}", config.budget.pages);
  page.line("  parallel: {}", config.budget.parallel);
  page.line("  pages_per_second: {}", config.pagesPerSecond);
  page.line("listen: {}", quoted(config.listen));
  page.optional("", "state", config.stateFile);
  page.line("max_findings: {}", config.maxFindings);
  page.line("probe:");
  page.line("  enabled: {}", config.probe);
  page.line("  min_interval: {}", durationText(config.probeMinInterval));
  showCommands(page, config);
  showChecks(page, config);
  return page.take();
}

}  // namespace rollcall
