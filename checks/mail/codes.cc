#include "checks/mail/codes.h"

namespace rollcall::checks::mail {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC651", Severity::kWarning, "no mail transport is configured",
       "Without mail.transport Ghost takes \"direct\". Ghost 5 then delivers to the recipients' "
       "servers itself, which most of them refuse or take for spam; Ghost 6.56 and later ends up "
       "at localhost:587, where nobody listens in a container. Members cannot sign in, and staff "
       "cannot reset a password.",
       "give Ghost mail__transport=SMTP with mail__options__host, __port, __auth__user and "
       "__auth__pass"},
      {"RC652", Severity::kCritical, "Ghost does not know the configured mail transport",
       "Ghost knows SMTP, Mailgun, SES, sendmail, Direct and stub. With another name it throws "
       "when it makes its mailer.",
       "set mail.transport to SMTP, Mailgun, SES, sendmail, Direct or stub"},
      {"RC653", Severity::kCritical, "no mail server where Ghost sends",
       "The configured host does not exist, nobody listens at its port, or what answers there is "
       "no mail server. Told after a second try, where there is time for one. Seen from where "
       "Rollcall runs: a firewall "
       "that refuses connections looks the same.",
       "see whether it answers Ghost's own pod; then correct mail.options.host and "
       "mail.options.port, or start the mail server"},
      {"RC654", Severity::kWarning, "the mail server turns connections away",
       "It greets with a code that is no success, such as 421 or 554, twice: it is busy, in "
       "maintenance, or does not want this address. Ghost does not try a mail again, so "
       "sign-in links are lost. Seen from where Rollcall runs, which may have another address "
       "than Ghost.",
       "ask the mail server's operator, with the code and the text it says"},
      {"RC655", Severity::kCritical, "no encrypted connection to the mail server comes about",
       "Ghost is told to encrypt and the server does not: TLS from the first byte (secure) on a "
       "port that speaks plain SMTP, STARTTLS that is required and not offered, or STARTTLS that "
       "is offered and refused. Ghost gives the mail up.",
       "secure: true belongs to port 465; with 587 and 25 set it to false"},
      {"RC656", Severity::kCritical, "the mail server's certificate is refused",
       "It has expired, is for another name, or is signed by somebody who is not known. Ghost "
       "verifies certificates unless mail.options.tls.rejectUnauthorized is false, and gives the "
       "mail up.",
       "renew the certificate, or use the name it is for as mail.options.host"},
      {"RC657", Severity::kWarning, "the mail server's certificate expires soon",
       "From that day on Ghost refuses the connection.", "renew the mail server's certificate"},
      {"RC658", Severity::kWarning, "the mail server offers no login",
       "Ghost has a user and password, and on this connection the server offers no AUTH, or none "
       "of "
       "PLAIN, LOGIN, CRAM-MD5 and XOAUTH2. "
       "Ghost then sends without logging in, and most servers refuse to relay.",
       "use the port and encryption on which the server offers AUTH, mostly 587 or 465"},
      {"RC659", Severity::kCritical, "the mail server refuses Ghost's login",
       "User or password is wrong, was revoked, or the server wants another way to log in. Ghost "
       "cannot send a mail.",
       "put the right user and password in mail.options.auth and restart Ghost's pods"},
      {"RC660", Severity::kWarning, "Ghost's mail password goes over the network in clear",
       "The server does not offer STARTTLS, or Ghost is told to ignore it, and a user and "
       "password are configured: whoever sees the traffic can read both, and sign-in links too.",
       "use a port with TLS (465, secure: true), or one that offers STARTTLS with requireTLS"},
      {"RC661", Severity::kWarning, "Mailgun refuses the API key",
       "Mailgun answers 401 or 403 to a question for the sending domain: the key is wrong, was "
       "revoked, belongs to the other region, or may only send. With a key that may only send "
       "Ghost's newsletters go out, but without their statistics.",
       "put the account's private API key for this region into Ghost's settings"},
      {"RC662", Severity::kCritical, "Mailgun cannot send for this domain",
       "Mailgun does not know the domain in this region, or it is not active: its DNS records are "
       "not verified or it was disabled. Newsletters fail.",
       "see the domain's state in Mailgun; the EU region has https://api.eu.mailgun.net/v3"},
      {"RC663", Severity::kCritical, "the test mail was refused",
       "The mail server took the connection and the login, but not the sender, the recipient or "
       "the text.",
       "see the server's code and text; often mail.from is not allowed for this account"},
  };
  return table;
}

}  // namespace rollcall::checks::mail
