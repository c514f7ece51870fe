#include "daemon/ghost/mail_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "daemon/core/letter_case.h"
#include "daemon/core/topology.h"

namespace rollcall {
namespace {

constexpr std::size_t kMaxAddress = 254;

struct Named {
  const char* name;
  MailTransport transport;
};
constexpr Named kTransports[] = {
    {"smtp", MailTransport::kSmtp},     {"mailgun", MailTransport::kMailgun},
    {"ses", MailTransport::kSes},       {"sendmail", MailTransport::kSendmail},
    {"direct", MailTransport::kDirect}, {"stub", MailTransport::kStub},
};

// Of the services nodemailer knows those that send mail for sites.
struct Service {
  const char* name;  // in small letters and digits only
  const char* host;
  std::uint16_t port;
};
constexpr Service kServices[] = {
    {"brevo", "smtp-relay.brevo.com", 587},
    {"gmail", "smtp.gmail.com", 465},
    {"mailgun", "smtp.mailgun.org", 465},
    {"mailjet", "in.mailjet.com", 587},
    {"mandrill", "smtp.mandrillapp.com", 587},
    {"outlook365", "smtp.office365.com", 587},
    {"postmark", "smtp.postmarkapp.com", 2525},
    {"sendgrid", "smtp.sendgrid.net", 587},
    {"sendinblue", "smtp-relay.brevo.com", 587},
    {"ses", "email-smtp.us-east-1.amazonaws.com", 465},
    {"sparkpost", "smtp.sparkpostmail.com", 587},
};

constexpr const char* kPaths[] = {"mail.transport",           "mail.from",
                                  "mail.options.host",        "mail.options.port",
                                  "mail.options.secure",      "mail.options.secureConnection",
                                  "mail.options.service",     "mail.options.ignoreTLS",
                                  "mail.options.requireTLS",  "mail.options.tls.rejectUnauthorized",
                                  "mail.options.url",         "mail.options.auth.user",
                                  "mail.options.auth.pass",   "mail.options.auth.api_key",
                                  "mail.options.auth.apiKey", "mail.options.auth.domain",
                                  "bulkEmail.mailgun.apiKey", "bulkEmail.mailgun.domain",
                                  "bulkEmail.mailgun.baseUrl"};

class Values {
 public:
  explicit Values(const std::map<std::string, std::string>& values) : values_(values) {}
  std::string text(const char* path) const {
    const auto found = values_.find(path);
    return found == values_.end() ? "" : found->second;
  }
  bool has(const char* path) const { return values_.contains(path); }
  // As JavaScript takes the value for a condition.
  bool flag(const char* path, bool fallback = false) const {
    if (!has(path)) return fallback;
    const std::string value = text(path);
    return !value.empty() && value != "false" && value != "0";
  }

 private:
  const std::map<std::string, std::string>& values_;
};

MailTransport transportOf(const std::string& name) {
  if (name.empty()) return MailTransport::kNone;
  const std::string small = lowerCase(name);
  const auto* const found =
      std::ranges::find_if(kTransports, [&](const Named& one) { return small == one.name; });
  return found == std::end(kTransports) ? MailTransport::kUnknown : found->transport;
}

std::string serviceKey(std::string_view name) {
  std::string key = lowerCase(name);
  std::erase_if(key, [](unsigned char c) { return std::isalnum(c) == 0; });
  return key;
}

bool hasControl(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 127; });
}

bool isHostName(std::string_view text) {
  return text.size() <= 253 && std::ranges::all_of(text, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
         });
}

// As Number(): what is no number is as if it were not there. Nothing for a port there cannot be.
std::optional<std::uint16_t> portOf(const Values& values, std::uint16_t fallback) {
  const std::string text = values.text("mail.options.port");
  unsigned number = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = code != std::errc::invalid_argument && rest == text.data() + text.size();
  if (!whole || (code == std::errc() && number == 0)) return fallback;
  if (code != std::errc() || number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

SmtpSecurity securityOf(const Values& values, std::uint16_t port) {
  const char* const path = values.has("mail.options.secureConnection")
                               ? "mail.options.secureConnection"
                               : "mail.options.secure";
  if (values.flag(path) || (!values.has(path) && port == 465)) return SmtpSecurity::kImplicit;
  if (values.flag("mail.options.ignoreTLS")) return SmtpSecurity::kNone;
  return values.flag("mail.options.requireTLS") ? SmtpSecurity::kRequired
                                                : SmtpSecurity::kIfOffered;
}

void readSmtp(const Values& values, MailSettings& settings) {
  if (!values.text("mail.options.url").empty()) {
    settings.unclear = "it is in mail.options.url, which Rollcall does not read";
    return;
  }
  SmtpServer server;
  server.host = values.text("mail.options.host");
  const bool asksForTls =
      values.flag("mail.options.secure") || values.flag("mail.options.secureConnection");
  const std::optional<std::uint16_t> port = portOf(values, asksForTls ? 465 : 587);
  const std::string service = values.text("mail.options.service");
  if (!service.empty()) {
    const auto* const known = std::ranges::find_if(
        kServices, [key = serviceKey(service)](const Service& one) { return key == one.name; });
    if (known == std::end(kServices)) {
      settings.unclear = "which server mail.options.service means is not known to Rollcall";
      return;
    }
    server.host = known->host;
    server.port = known->port;
    server.security =
        known->port == 465 ? SmtpSecurity::kImplicit : securityOf(values, known->port);
  } else if (!port || !isHostName(server.host)) {
    settings.unclear = fmt::format("mail.options.{} is none", port ? "host" : "port");
    return;
  } else {
    server.port = *port;
    server.security = securityOf(values, *port);
  }
  server.verify = values.flag("mail.options.tls.rejectUnauthorized", true);
  server.user = values.text("mail.options.auth.user");
  server.password = values.text("mail.options.auth.pass");
  settings.smtp = std::move(server);
}

std::string transportKey(const Values& values) {
  const std::string key = values.text("mail.options.auth.api_key");
  return key.empty() ? values.text("mail.options.auth.apiKey") : key;
}

std::string transportUrl(const Values& values) {
  if (const std::string url = values.text("mail.options.url"); !url.empty()) return url;
  const std::string host = values.text("mail.options.host");
  return host.empty() ? "https://api.mailgun.net" : "https://" + host;
}

}  // namespace

std::span<const char* const> mailPaths() {
  return kPaths;
}

std::optional<MailgunAccount> mailgunAccount(std::string_view baseUrl, std::string_view domain,
                                             std::string_view key) {
  if (baseUrl.empty() || domain.empty() || key.empty()) return std::nullopt;
  if (!isHostName(domain) || hasControl(key)) return std::nullopt;
  const Result<Url> url = parseUrl(baseUrl);
  if (!url) return std::nullopt;
  return MailgunAccount{fmt::format("{}://{}", url->scheme, url->authority()), std::string(domain),
                        std::string(key)};
}

std::string mailAddress(std::string_view text) {
  if (const auto open = text.rfind('<'); open != std::string_view::npos) {
    const auto close = text.find('>', open);
    if (close == std::string_view::npos) return "";
    text = text.substr(open + 1, close - open - 1);
  }
  const auto at = text.find('@');
  const bool fits = at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
                    text.find('@', at + 1) == std::string_view::npos &&
                    text.size() <= kMaxAddress && std::ranges::all_of(text, [](unsigned char c) {
                      return c > ' ' && c < 127 && c != '<' && c != '>' && c != ',' && c != ';' &&
                             c != '"' && c != '\\';
                    });
  return fits ? std::string(text) : "";
}

bool isLocalHost(std::string_view host) {
  return host.empty() || lowerCase(host) == "localhost" || host == "127.0.0.1" || host == "::1";
}

Result<MailSettings> readMailSettings(const std::map<std::string, std::string>& all) {
  const Values values(all);
  MailSettings settings;
  settings.transportName = values.text("mail.transport");
  settings.transport = transportOf(settings.transportName);
  settings.file = values.text(kMailFile);
  settings.from = mailAddress(values.text("mail.from"));
  settings.testTo = values.text(kMailTestTo);
  if (!settings.testTo.empty() && mailAddress(settings.testTo) != settings.testTo)
    return invalidArgument("--send-test: must be one address such as you@example.org");
  if (settings.transport == MailTransport::kSmtp) readSmtp(values, settings);
  if (settings.transport == MailTransport::kMailgun)
    settings.mailgun = mailgunAccount(transportUrl(values), values.text("mail.options.auth.domain"),
                                      transportKey(values));
  const std::string url = values.text("bulkEmail.mailgun.baseUrl");
  const std::string domain = values.text("bulkEmail.mailgun.domain");
  const std::string key = values.text("bulkEmail.mailgun.apiKey");
  settings.bulk = mailgunAccount(url, domain, key);
  settings.bulkUnclear = !settings.bulk && !url.empty() && !domain.empty() && !key.empty();
  return settings;
}

}  // namespace rollcall
