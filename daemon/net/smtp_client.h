// A visit to a mail server: as far as a login, and a mail only when one is given.
//
// Guarantees against hostile servers: total deadline, limits on lines and bytes, certificates
// verified as the question says, no child process inherits the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/smtp_security.h"
#include "daemon/net/certificate.h"

namespace rollcall {

struct SmtpMail {
  std::string from;
  std::string to;
  std::string text;  // headers, an empty line, the body; lines end in "\r\n"
};

struct SmtpQuestion {
  std::string host;  // a name or an address without brackets; what TLS verifies
  std::uint16_t port = 0;
  SmtpSecurity security = SmtpSecurity::kIfOffered;
  bool verify = true;
  std::string caFile;  // PEM; empty = the system's
  std::string user;    // empty = no login
  std::string password;
  std::string loginWay;  // "PLAIN", "LOGIN" or "CRAM-MD5"; empty = the strongest that is offered
  std::optional<SmtpMail> mail;
  Duration timeout = std::chrono::seconds(15);
};

// What the server said after `command` ("" = its greeting; EHLO, STARTTLS, AUTH, MAIL, ...).
struct SmtpReply {
  std::string command;
  int code = 0;
  std::vector<std::string> lines;  // without the code; printable and short
};

enum class SmtpEnd {
  kDone,          // everything that was asked for
  kNoSuchHost,    // the resolver says that the name does not exist
  kNotResolved,   // the resolver failed
  kRefused,       // nobody listens there
  kUnreachable,   // no route, or another failure to connect
  kTimeout,       // no complete dialogue in time
  kClosed,        // the server closed the connection
  kNoSmtp,        // what answers is no mail server
  kTooMuch,       // beyond our limits
  kTurnedAway,    // a greeting or an EHLO with a code that is no success
  kNoStartTls,    // required and not offered, or refused
  kNoTls,         // TLS from the first byte, and the server speaks something else
  kTlsFailed,     // the handshake failed for another reason than the certificate
  kCertificate,   // the certificate is refused; see `fault`
  kLoginRefused,  // or the server offers no way to log in
  kMailRefused,
  kCancelled,
  kInternal,
};

struct SmtpVisit {
  SmtpEnd end = SmtpEnd::kInternal;
  CertificateFault fault = CertificateFault::kNone;
  std::string detail;  // one sentence, printable; may be empty
  std::vector<SmtpReply> replies;
  bool encrypted = false;
  std::string certificate;  // the server's own, PEM; where TLS came about

  // The last reply to `command`; null when there was none.
  const SmtpReply* reply(std::string_view command) const;
  // What the last EHLO says after this word ("PLAIN LOGIN" after "AUTH"); nothing when it does not
  // have it.
  std::optional<std::string> offered(std::string_view extension) const;
};

class SmtpClient {
 public:
  virtual ~SmtpClient() = default;
  // Blocks until `deadline` or `stop` at most. A login goes over an unencrypted connection when the
  // question's security allows it: that is for the caller to see to. Thread-safe.
  virtual SmtpVisit visit(const SmtpQuestion& question, Deadline deadline,
                          std::stop_token stop) = 0;
};

// The real one, on libcurl. `clock` is borrowed.
std::unique_ptr<SmtpClient> makeCurlSmtpClient(const Clock& clock);

}  // namespace rollcall
