#include "daemon/sinks/webhook_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/cut_text.h"
#include "daemon/core/finding_traits.h"
#include "daemon/core/hmac.h"
#include "daemon/core/version.h"
#include "daemon/sinks/formats.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;
constexpr std::size_t kLongestText = 1000;  // bytes
constexpr std::size_t kGroupsListed = 50;
constexpr std::size_t kGroupsInChat = 10;
constexpr std::size_t kLongestInChat = 400;

std::string bounded(std::string_view text) {
  return std::string(cutText(visible(text), kLongestText));
}

Json orNull(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(bounded(text));
}

std::string dumped(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

// The same for this finding in every process: who keeps tickets goes by it.
std::string fingerprintOf(const Site& site, std::string_view check, const Finding& finding) {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}", site.url.text(), check, finding.def->code, finding.pod);
  if (const std::string command = commandOf(finding); !command.empty()) text += "\n" + command;
  return hexOf(hmacSha256("rollcall finding", text)).substr(0, 16);
}

std::string runbookOf(const WebhookConfig& config, const Finding& finding) {
  constexpr std::string_view kCode = "{code}";
  return replaced(config.runbookUrl, kCode, finding.def->code);
}

// What every message begins with.
Json headOf(std::string_view event, const std::string& key, WallTime at, const Site& site) {
  return {{"schema_version", kSchemaVersion},
          {"event", event},
          {"idempotency_key", key},
          {"at", formatTime(at)},
          {"rollcall", kVersion},
          {"site", {{"url", bounded(site.url.text())}, {"title", orNull(site.title)}}}};
}

Json toJson(const std::optional<ResourceRef>& resource) {
  if (!resource) return nullptr;
  return {{"type", bounded(resource->type)},
          {"id", bounded(resource->id)},
          {"slug", orNull(resource->slug)},
          {"url", orNull(resource->url)}};
}

// What is the same at the beginning and at the end.
Json namesOf(const WebhookConfig& config, const Site& site, std::string_view check,
             const Finding& finding) {
  return {{"fingerprint", fingerprintOf(site, check, finding)},
          {"check", check},
          {"code", finding.def->code},
          {"severity", name(finding.def->severity)},
          {"title", finding.def->title},
          {"pod", orNull(finding.pod)},
          {"runbook", orNull(runbookOf(config, finding))}};
}

void addSight(Json& document, const Finding& finding, std::size_t count) {
  document["message"] = orNull(finding.message);
  document["resource"] = toJson(finding.resource);
  document["count"] = count;
  document["cause"] = orNull(finding.cause);
  document["remedy"] = orNull(remedyOf(finding));
}

std::string genericChange(const WebhookConfig& config, const Site& site,
                          const FindingChange& change, const std::string& key, WallTime at) {
  const bool ended = change.kind == FindingChange::Kind::kEnded;
  Json document = headOf(ended ? "ended" : "started", key, at, site);
  Json finding = namesOf(config, site, change.check, change.finding);
  finding["since"] = formatTime(change.finding.since.value_or(change.began));
  // What was named at the beginning may have been taken back since.
  if (ended) {
    finding["pod_gone"] = change.podIsGone;
  } else {
    addSight(finding, change.finding, change.more + 1);
    finding["first_look"] = change.atFirstLook;
  }
  document["finding"] = std::move(finding);
  document["status_page"] = orNull(config.statusPage);
  return dumped(document);
}

std::string genericReport(const WebhookConfig& config, const Report& report,
                          const Chronicle* chronicle, const std::string& key) {
  const PastRun summary = summaryOf(report);
  const std::vector<FindingGroup> groups = groupFindings(report);
  Json document = headOf("report", key, report.started, report.site);
  Json findings = Json::array();
  for (std::size_t i = 0; i < std::min(kGroupsListed, groups.size()); ++i) {
    const Finding& newest = *groups[i].findings.front();
    Json finding = namesOf(config, report.site, groups[i].check, newest);
    finding["since"] = newest.since ? Json(formatTime(*newest.since)) : Json(nullptr);
    addSight(finding, newest, groups[i].findings.size());
    findings.push_back(std::move(finding));
  }
  document["report"] = {{"verdict", name(report.verdict)},
                        {"headline", bounded(headline(report))},
                        {"critical", summary.critical},
                        {"warning", summary.warning},
                        {"info", summary.info},
                        {"gaps", summary.gaps}};
  if (chronicle && chronicle->before())
    document["report"]["since_last"] = {{"began", chronicle->comparison.began.size()},
                                        {"ended", chronicle->comparison.ended.size()}};
  document["findings"] = std::move(findings);
  document["findings_omitted"] = groups.size() - std::min(kGroupsListed, groups.size());
  document["status_page"] = orNull(config.statusPage);
  return dumped(document);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '`')
      out += '\'';
    else
      out += c;
  }
  return out;
}

// Text in Slack's mrkdwn, so that nothing in it is a mention, a channel or a link that hides where
// it goes; nor in Markdown, as which Mattermost reads it.
std::string inChat(std::string_view text) {
  const std::string out = replaced(escaped(cutText(text, kLongestInChat)), "@", "\uff20");
  return replaced(out, "](", "] (");
}

// As it was typed, to be copied: nothing in it is a mention either.
std::string codeInChat(std::string_view text) {
  return "`" + escaped(cutText(text, kLongestInChat)) + "`";
}

std::string nameInChat(const Finding& finding) {
  const std::string command = commandOf(finding);
  return fmt::format("{}{}{}: {}", finding.def->code, command.empty() ? "" : " " + inChat(command),
                     finding.pod.empty() ? "" : " on " + inChat(finding.pod),
                     inChat(finding.def->title));
}

std::string severityInChat(const Finding& finding) {
  switch (finding.def->severity) {
    case Severity::kCritical:
      return "*CRITICAL*";
    case Severity::kWarning:
      return "*WARNING*";
    case Severity::kInfo:
      return "*INFO*";
  }
  std::abort();
}

std::string linkInChat(std::string_view url, std::string_view text) {
  return url.empty() ? "" : fmt::format("\n<{}|{}>", escaped(url), text);
}

std::string sightInChat(const Finding& finding, std::size_t more) {
  std::string text = "\n" + inChat(finding.message);
  if (more > 0) text += fmt::format(" (and {} more)", grouped(more));
  if (const std::string remedy = remedyOf(finding); !remedy.empty())
    text += "\nremedy: " + codeInChat(remedy);
  return text;
}

std::string chatChange(const WebhookConfig& config, const Site& site, const FindingChange& change) {
  const Finding& finding = change.finding;
  std::string text;
  if (change.kind == FindingChange::Kind::kEnded) {
    text = fmt::format("*over* {}{}\n{}, since {}", nameInChat(finding),
                       change.podIsGone ? " (the pod is gone)" : "", inChat(site.url.text()),
                       shortTime(finding.since.value_or(change.began)));
  } else {
    text = fmt::format("{} {}{}\n{}{}", severityInChat(finding), nameInChat(finding),
                       sightInChat(finding, change.more), inChat(site.url.text()),
                       change.atFirstLook ? ", found when Rollcall started: it may be older" : "");
  }
  return text + linkInChat(runbookOf(config, finding), "runbook") +
         linkInChat(config.statusPage, "status page");
}

std::string chatReport(const WebhookConfig& config, const Report& report,
                       const Chronicle* chronicle) {
  std::string text =
      fmt::format("*{}*\n{}", inChat(headline(report)), inChat(report.site.url.text()));
  if (chronicle && chronicle->before())
    text += fmt::format(", since the last report {} new, {} over",
                        grouped(chronicle->comparison.began.size()),
                        grouped(chronicle->comparison.ended.size()));
  const std::vector<FindingGroup> groups = groupFindings(report);
  const std::size_t listed = std::min(kGroupsInChat, groups.size());
  for (std::size_t i = 0; i < listed; ++i) {
    const Finding& newest = *groups[i].findings.front();
    text +=
        fmt::format("\n{} {}{}", severityInChat(newest), nameInChat(newest), countOf(groups[i]));
  }
  if (groups.size() > listed) text += fmt::format("\nand {} more", grouped(groups.size() - listed));
  if (const std::size_t gaps = summaryOf(report).gaps; gaps > 0)
    text += fmt::format("\ncould not look: {}", grouped(gaps));
  return text + linkInChat(config.statusPage, "status page");
}

}  // namespace

WebhookMessage changeMessage(const WebhookConfig& config, const Site& site,
                             const FindingChange& change, std::string key, WallTime at) {
  std::string body = config.format == WebhookFormat::kSlack
                         ? dumped({{"text", chatChange(config, site, change)}})
                         : genericChange(config, site, change, key, at);
  return {std::move(key), std::move(body)};
}

WebhookMessage reportMessage(const WebhookConfig& config, const Report& report,
                             const Chronicle* chronicle, std::string key) {
  std::string body = config.format == WebhookFormat::kSlack
                         ? dumped({{"text", chatReport(config, report, chronicle)}})
                         : genericReport(config, report, chronicle, key);
  return {std::move(key), std::move(body)};
}

}  // namespace rollcall
