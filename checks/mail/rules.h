// What the configuration of mail and a visit to the mail server mean. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/mail/codes.h"
#include "daemon/core/finding.h"
#include "daemon/ghost/mail_settings.h"
#include "daemon/net/smtp_client.h"

namespace rollcall::checks::mail {

// What is known of where Ghost's pods have their environment.
enum class GhostEnvironment {
  kUnseen,   // they may have variables of their own
  kHasMail,  // there are such variables, or may be
  kHasNone,  // there are none
};

// What follows from the configuration alone, before anybody is asked.
struct Plan {
  std::optional<Finding> finding;
  std::optional<SmtpServer> smtp;         // to visit
  std::optional<MailgunAccount> mailgun;  // to ask, of the transport
  std::string unseen;  // why mail is not looked at; empty where it is, or where there is a finding
};
// `sameMachine`: the pods' addresses are Rollcall's own machine, so that localhost is theirs, too.
Plan planOf(const MailSettings& settings, GhostEnvironment environment, bool sameMachine);

// No server is named: the default, which a variable of Ghost's pods may replace.
bool isNoTransport(MailTransport transport);

struct Judgement {
  std::vector<Finding> findings;
  std::optional<Error> gap;  // could not look
};
// A visit without a login. `expiryWarning`: RC657 when the certificate ends sooner.
Judgement judgeVisit(const SmtpServer& server, const SmtpVisit& visit, WallTime now,
                     Duration expiryWarning);
// A visit that only logged in, after one that was in order.
Judgement judgeLogin(const SmtpServer& server, const SmtpVisit& visit);
// A visit that was to send a mail.
Judgement judgeTestMail(const SmtpServer& server, const SmtpVisit& visit, const std::string& to);
// True where the same question a little later may have another answer.
bool mayPass(const SmtpVisit& visit);
// Whether user and password may be sent on a connection like this one.
bool mayLogIn(const SmtpServer& server, const SmtpVisit& visit);

// Whether the server offers a way to log in that Ghost has: PLAIN, LOGIN, CRAM-MD5 or XOAUTH2.
bool offersLogin(const SmtpVisit& visit);
// The one Ghost takes with user and password, the first of PLAIN, LOGIN and CRAM-MD5 that is
// offered; empty when none is.
std::string loginWay(const SmtpVisit& visit);

// "smtp.example.org:587"
std::string addressOf(const SmtpServer& server);
Finding found(Code code, std::string message);

}  // namespace rollcall::checks::mail
