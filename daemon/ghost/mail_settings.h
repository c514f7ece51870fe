// What Ghost does with its configuration of mail. Pure.
//
// Read in core/server/services/mail/GhostMailer.js and core/shared/config/loader.js of
// Ghost 5.130.6, 6.56.0 and 6.65.0, in @tryghost/nodemailer 0.3.48, 2.3.1 and 2.3.14, and in
// nodemailer 6.10.1 and 8.0.11:
// - The transport is written in any case. smtp, mailgun, ses, sendmail, direct and stub are known;
//   another name throws when the mailer is made.
// - Without one it is "direct". 0.3.48 delivers to the recipients' servers itself; 2.3.1 and 2.3.14
//   hand {direct: true} to a nodemailer that knows no such option: an SMTP client without a host,
//   which connects to localhost:587 (measured).
// - smtp: `url` overrides what stands beside it; it is not read here. A known `service` overrides
//   host, port and secure. `secureConnection` overrides `secure`.
//   Without `secure` port 465 is TLS from the first byte. No port is 465 with TLS, else 587.
//   STARTTLS is used where it is offered, and its failure ends the attempt. Certificates are
//   verified unless tls.rejectUnauthorized is false. Credentials are only used where the server
//   offers AUTH, with the first of PLAIN, LOGIN, CRAM-MD5 and XOAUTH2 that is offered. Without a
//   host it is localhost.
// - Newsletters go through Mailgun's API alone: bulkEmail.mailgun of the configuration, else the
//   settings mailgun_api_key, mailgun_domain and mailgun_base_url when all three are set; of the
//   base URL only the origin counts (services/lib/MailgunClient.js).
// - Environment variables are stronger than the file; "true", "false" and numbers in them are
//   values of that kind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/core/result.h"
#include "daemon/core/smtp_security.h"

namespace rollcall {

enum class MailTransport { kNone, kSmtp, kMailgun, kSes, kSendmail, kDirect, kStub, kUnknown };

struct SmtpServer {
  std::string host;  // empty: none is named, Ghost takes localhost
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::kIfOffered;
  bool verify = true;
  std::string user;
  std::string password;  // never shown
};

// An account of Mailgun's API.
struct MailgunAccount {
  std::string origin;  // "https://api.eu.mailgun.net"
  std::string domain;
  std::string key;  // never shown
};

struct MailSettings {
  MailTransport transport = MailTransport::kNone;
  std::string transportName;  // as it is written
  std::string unclear;        // of smtp: why `smtp` is not known
  std::string file;           // Ghost's configuration file, where that decides the transport
  std::string from;           // an address without its name; empty = not configured
  std::optional<SmtpServer> smtp;
  std::optional<MailgunAccount> mailgun;  // of the transport
  std::optional<MailgunAccount> bulk;     // of newsletters, as the configuration has it
  bool bulkUnclear = false;  // all three are there, and are no account that can be asked
  std::string testTo;        // --send-test; empty = no mail is sent
};

// The paths of Ghost's configuration that matter here ("mail.options.host").
std::span<const char* const> mailPaths();
// `values` by these paths, kMailFile and kMailTestTo; others are ignored. Flags are "true", "false"
// or a number. kInvalidArgument for a kMailTestTo that is no address: what Ghost has is never
// refused.
Result<MailSettings> readMailSettings(const std::map<std::string, std::string>& values);
inline constexpr const char* kMailFile = "mail.file";
inline constexpr const char* kMailTestTo = "mail.test_to";

// Of an account in the settings table; nothing unless all three are there.
std::optional<MailgunAccount> mailgunAccount(std::string_view baseUrl, std::string_view domain,
                                             std::string_view key);
// As in "Name <a@example.org>", without the name; empty when it is no address that can be sent to.
std::string mailAddress(std::string_view text);
// "localhost", 127.0.0.1, ::1: whoever names it means itself.
bool isLocalHost(std::string_view host);

}  // namespace rollcall
