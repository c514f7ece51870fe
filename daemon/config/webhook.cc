#include "daemon/config/webhook.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/config/text.h"

namespace rollcall {
namespace {

constexpr std::size_t kLongestUrl = 2000;
constexpr std::size_t kLongestLink = 1000;  // as it stands in a message
constexpr std::size_t kShortestSecret = 16;
constexpr std::size_t kLongestSecret = 4096;

bool isPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 127; });
}

// Unlike a site's it may have a query, where services keep their tokens.
bool isAddress(std::string_view text) {
  return text.size() <= kLongestUrl && isPrintable(text) &&
         text.find('#') == std::string_view::npos &&
         parseUrl(text.substr(0, text.find('?'))).has_value();
}

bool isLink(std::string_view text) {
  return text.size() <= kLongestLink && isAddress(text) &&
         text.find_first_of("<>|\"") == std::string_view::npos;
}

class WebhookReader {
 public:
  WebhookReader(const MergedConfig& merged, WebhookConfig& webhook,
                std::vector<std::string>& problems)
      : merged_(merged), webhook_(webhook), problems_(problems) {}

  void read() {
    secret("webhook.url", "webhook.url_file", webhook_.url, isAddress,
           fmt::format("must be one URL with http:// or https://, at most {} characters and "
                       "without user name, password or fragment",
                       kLongestUrl));
    secret(
        "webhook.secret", "webhook.secret_file", webhook_.secret,
        [](std::string_view text) {
          return text.size() >= kShortestSecret && text.size() <= kLongestSecret &&
                 isPrintable(text);
        },
        fmt::format("must be from {} to {} printable characters", kShortestSecret, kLongestSecret));
    format();
    findings();
    link("webhook.status_page", webhook_.statusPage);
    link("webhook.runbook_url", webhook_.runbookUrl);
  }

 private:
  void fail(const Setting& setting, std::string_view what) {
    problems_.push_back(fmt::format("{}: {}", setting.origin, what));
  }
  void secret(const char* path, const char* filePath, std::string& target,
              bool (*fits)(std::string_view), const std::string& wanted) {
    const Setting* setting = merged_.find(path);
    const Setting* file = merged_.find(filePath);
    if (setting) {
      target = setting->text;
    } else if (file) {
      Result<std::string> content = readSecretFile(file->text);
      if (!content)
        return fail(*file, fmt::format("{}: {}", shown(file->text), content.error().message));
      target = std::move(*content);
    } else {
      return;
    }
    if (!fits(target)) fail(setting ? *setting : *file, wanted);
  }
  void format() {
    const Setting* setting = merged_.find("webhook.format");
    if (!setting) return;
    if (setting->text == "slack")
      webhook_.format = WebhookFormat::kSlack;
    else if (setting->text != "generic")
      fail(*setting, "must be generic or slack");
  }
  void findings() {
    const Setting* setting = merged_.find("webhook.findings");
    if (!setting) return;
    webhook_.findings = setting->text == "true";
    if (!webhook_.findings && setting->text != "false") fail(*setting, "must be true or false");
  }
  void link(const char* path, std::string& target) {
    const Setting* setting = merged_.find(path);
    if (!setting) return;
    target = setting->text;
    if (!isLink(target)) fail(*setting, fmt::format("{} is not a usable URL", shown(target)));
  }

  const MergedConfig& merged_;
  WebhookConfig& webhook_;
  std::vector<std::string>& problems_;
};

}  // namespace

void readWebhook(const MergedConfig& merged, Config& config, std::vector<std::string>& problems) {
  WebhookReader(merged, config.webhook, problems).read();
}

}  // namespace rollcall
