#include "checks/mail/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/letter_case.h"

namespace rollcall::checks::mail {
namespace {

constexpr std::string_view kFromHere = "as seen from where Rollcall runs";

Judgement only(Finding finding) {
  return {{std::move(finding)}, std::nullopt};
}
Judgement gap(ErrorCode code, std::string why) {
  return {{}, Error{code, std::move(why)}};
}

// "421 try again later", the last thing the server said.
std::string lastWords(const SmtpVisit& visit) {
  if (visit.replies.empty()) return "nothing";
  const SmtpReply& last = visit.replies.back();
  const std::string text = last.lines.empty() ? "" : last.lines.back();
  return fmt::format("{}{}{}", last.code, text.empty() ? "" : " ", text);
}

std::string lastCommand(const SmtpVisit& visit) {
  const std::string command = visit.replies.empty() ? "" : visit.replies.back().command;
  return command.empty() ? "its greeting" : "the answer to " + command;
}

Finding about(Code code, const SmtpServer& server, std::string message) {
  Finding finding = found(code, std::move(message));
  finding.evidence["server"] = addressOf(server);
  return finding;
}

Finding reproducible(Finding finding, const SmtpServer& server) {
  const bool implicit = server.security == SmtpSecurity::kImplicit;
  const bool isAddress = server.host.find(':') != std::string::npos ||
                         server.host.find_first_not_of("0123456789.") == std::string::npos;
  finding.reproduce =
      fmt::format("openssl s_client -connect {} -verify_{} {}{}", addressOf(server),
                  isAddress ? "ip" : "hostname", server.host, implicit ? "" : " -starttls smtp");
  return finding;
}

std::string faultText(const SmtpServer& server, const SmtpVisit& visit) {
  switch (visit.fault) {
    case CertificateFault::kExpired:
      return "has expired";
    case CertificateFault::kNotYetValid:
      return "is not valid yet";
    case CertificateFault::kOtherHost:
      return fmt::format("is not for {}", server.host);
    case CertificateFault::kUnknownIssuer:
      return "is signed by nobody Rollcall knows: by itself, or by a private authority";
    case CertificateFault::kNone:
    case CertificateFault::kOther:
      break;
  }
  return fmt::format("cannot be verified: {}", visit.detail);
}

Finding certificateRefused(const SmtpServer& server, const SmtpVisit& visit) {
  Finding finding = reproducible(
      about(kRc656, server,
            fmt::format("The certificate of {} {}: Ghost refuses it and gives the mail up.",
                        addressOf(server), faultText(server, visit))),
      server);
  if (visit.fault == CertificateFault::kUnknownIssuer)
    finding.remedy =
        "if Ghost has the authority in NODE_EXTRA_CA_CERTS, name the same file as "
        "checks.mail.ca; else use a certificate of a public authority";
  return finding;
}

Finding noEncryption(const SmtpServer& server, const std::string& why) {
  return reproducible(
      about(kRc655, server,
            fmt::format("Ghost cannot send through {}: {}.", addressOf(server), why)),
      server);
}

// Nobody there is proven only where everybody asks the same: a short name is another one in
// another namespace.
Judgement noSuchHost(const SmtpServer& server) {
  if (server.host.find('.') == std::string::npos)
    return gap(ErrorCode::kNotFound,
               fmt::format("the mail server's name {} does not exist where Rollcall runs; in "
                           "Ghost's namespace it may",
                           server.host));
  return only(
      about(kRc653, server,
            fmt::format("The mail server's name {} does not exist, {}.", server.host, kFromHere)));
}

Judgement broken(const SmtpServer& server, const SmtpVisit& visit) {
  const std::string at = addressOf(server);
  switch (visit.end) {
    case SmtpEnd::kNoSuchHost:
      return noSuchHost(server);
    case SmtpEnd::kRefused:
      return only(about(
          kRc653, server,
          fmt::format("Nobody listens at {}: the connection is refused, {}.", at, kFromHere)));
    case SmtpEnd::kNoSmtp:
      if (!visit.replies.empty())
        return gap(ErrorCode::kProtocol,
                   fmt::format("{} greets as a mail server and then says what is no SMTP", at));
      return only(
          about(kRc653, server,
                fmt::format("What answers at {} is no mail server: {}.", at, visit.detail)));
    case SmtpEnd::kTurnedAway:
      return only(about(kRc654, server,
                        fmt::format("{} turns Rollcall away with {}: {}.", at, lastCommand(visit),
                                    lastWords(visit))));
    case SmtpEnd::kNoTls:
      return only(noEncryption(server,
                               "TLS from the first byte is configured (secure), and this port "
                               "does not speak it"));
    case SmtpEnd::kNoStartTls:
      return only(noEncryption(server, visit.offered("STARTTLS")
                                           ? "the server refuses STARTTLS: " + lastWords(visit)
                                           : "STARTTLS is required, and the server does not "
                                             "offer it"));
    case SmtpEnd::kCertificate:
      return only(certificateRefused(server, visit));
    case SmtpEnd::kTimeout:
      return gap(ErrorCode::kDeadlineExceeded,
                 visit.replies.empty()
                     ? fmt::format("{} did not greet in time, {}", at, kFromHere)
                     : fmt::format("{} did not go on in time after {}", at, lastCommand(visit)));
    case SmtpEnd::kNotResolved:
      return gap(ErrorCode::kUnavailable,
                 fmt::format("the name {} could not be looked up", server.host));
    case SmtpEnd::kUnreachable:
      return gap(ErrorCode::kUnavailable,
                 fmt::format("{} cannot be reached from where Rollcall runs", at));
    case SmtpEnd::kClosed:
      return gap(ErrorCode::kUnavailable,
                 fmt::format("{} closed the connection after {}", at,
                             visit.replies.empty() ? "nothing" : lastCommand(visit)));
    case SmtpEnd::kTlsFailed:
      return gap(ErrorCode::kProtocol,
                 fmt::format("the TLS handshake with {} failed: {}", at, visit.detail));
    case SmtpEnd::kTooMuch:
      return gap(ErrorCode::kProtocol, fmt::format("{} says more than Rollcall listens to", at));
    case SmtpEnd::kCancelled:
      return gap(ErrorCode::kCancelled, "asked to stop");
    case SmtpEnd::kLoginRefused:
    case SmtpEnd::kMailRefused:
    case SmtpEnd::kInternal:
    case SmtpEnd::kDone:
      break;
  }
  return gap(ErrorCode::kInternal, fmt::format("the visit to {} failed: {}", at, visit.detail));
}

std::optional<Finding> expiring(const SmtpServer& server, const SmtpVisit& visit, WallTime now,
                                Duration warning) {
  if (!visit.encrypted || !server.verify) return std::nullopt;
  const Result<Certificate> certificate = parseCertificate(visit.certificate);
  if (!certificate || elapsed(now, certificate->notAfter) >= warning) return std::nullopt;
  const auto left = elapsed(now, certificate->notAfter);
  Finding finding = about(kRc657, server,
                          fmt::format("The certificate of {} ends {}, in {}.", addressOf(server),
                                      formatTime(certificate->notAfter), formatDuration(left)));
  finding.evidence["not_after"] = formatTime(certificate->notAfter);
  return finding;
}

std::string local(const std::string& what) {
  return fmt::format("{} is in Ghost's own pod, which is not to be seen from where Rollcall runs",
                     what);
}

bool offersWay(const SmtpVisit& visit, std::string_view way) {
  const std::optional<std::string> offer = visit.offered("AUTH");
  return offer &&
         fmt::format(" {} ", lowerCase(*offer)).find(fmt::format(" {} ", lowerCase(way))) !=
             std::string::npos;
}

bool isRefusal(const SmtpReply* reply) {
  return reply && reply->code >= 500;
}

// Ghost-CLI and the official image write "Direct" into the file: pods with variables of their own
// have it there, too.
void planNone(const MailSettings& settings, GhostEnvironment environment, bool sameMachine,
              Plan& plan) {
  const bool byVariable = settings.transport == MailTransport::kDirect && settings.file.empty();
  if (!byVariable && environment != GhostEnvironment::kHasNone) {
    plan.unseen =
        "no mail server is in what Rollcall sees of Ghost's configuration; Ghost's pods may "
        "have one in their environment: give Rollcall the same mail__* variables";
    return;
  }
  const char* const unless =
      sameMachine && !byVariable ? ", unless its own environment names another" : "";
  plan.finding = found(
      kRc651,
      settings.transport == MailTransport::kDirect
          ? fmt::format("Ghost is configured to deliver mail directly, without a mail server{}.",
                        unless)
          : fmt::format("{} names no mail transport: Ghost takes \"direct\"{}.", settings.file,
                        unless));
}

void planSmtp(const MailSettings& settings, bool sameMachine, Plan& plan) {
  if (!settings.smtp)
    plan.unseen = "the mail server is not looked at: " + settings.unclear;
  else if (settings.smtp->host.empty() && !sameMachine)
    plan.unseen = local("no mail server is named, so the one Ghost sends to");
  else if (isLocalHost(settings.smtp->host) && !sameMachine)
    plan.unseen = local(fmt::format("the mail server {}", settings.smtp->host));
  else
    plan.smtp = settings.smtp;
  if (plan.smtp && plan.smtp->host.empty()) plan.smtp->host = "localhost";
}

}  // namespace

Finding found(Code code, std::string message) {
  Finding finding;
  finding.def = &findings().at(code);
  finding.message = std::move(message);
  return finding;
}

std::string addressOf(const SmtpServer& server) {
  const bool ipv6 = server.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", server.host, ipv6 ? "]" : "", server.port);
}

bool isNoTransport(MailTransport transport) {
  return transport == MailTransport::kNone || transport == MailTransport::kDirect;
}

Plan planOf(const MailSettings& settings, GhostEnvironment environment, bool sameMachine) {
  Plan plan;
  switch (settings.transport) {
    case MailTransport::kNone:
    case MailTransport::kDirect:
      planNone(settings, environment, sameMachine, plan);
      break;
    case MailTransport::kUnknown:
      plan.finding =
          found(kRc652, fmt::format("mail.transport is \"{}\", which Ghost does not know.",
                                    settings.transportName));
      break;
    case MailTransport::kSmtp:
      planSmtp(settings, sameMachine, plan);
      break;
    case MailTransport::kMailgun:
      plan.mailgun = settings.mailgun;
      if (!plan.mailgun) plan.unseen = "the transport Mailgun has no API key or domain here";
      break;
    case MailTransport::kSes:
      plan.unseen = "mail goes through the API of Amazon SES, which is not looked at";
      break;
    case MailTransport::kSendmail:
      plan.unseen = local("the program sendmail");
      break;
    case MailTransport::kStub:
      plan.unseen = "the transport is \"stub\": Ghost throws every mail away";
      break;
  }
  return plan;
}

bool mayPass(const SmtpVisit& visit) {
  return visit.end == SmtpEnd::kRefused || visit.end == SmtpEnd::kNoSuchHost ||
         visit.end == SmtpEnd::kNoSmtp || visit.end == SmtpEnd::kTurnedAway ||
         visit.end == SmtpEnd::kClosed || visit.end == SmtpEnd::kNotResolved ||
         visit.end == SmtpEnd::kUnreachable;
}

std::string loginWay(const SmtpVisit& visit) {
  for (const char* way : {"PLAIN", "LOGIN", "CRAM-MD5"})
    if (offersWay(visit, way)) return way;
  return "";
}

bool offersLogin(const SmtpVisit& visit) {
  return !loginWay(visit).empty() || offersWay(visit, "XOAUTH2");
}

bool mayLogIn(const SmtpServer& server, const SmtpVisit& visit) {
  return visit.encrypted || isLocalHost(server.host);
}

Judgement judgeVisit(const SmtpServer& server, const SmtpVisit& visit, WallTime now,
                     Duration expiryWarning) {
  if (visit.end != SmtpEnd::kDone) return broken(server, visit);
  Judgement judgement;
  const SmtpReply* const startTls = visit.reply("STARTTLS");
  // The client goes on unencrypted where Ghost does not.
  if (startTls && startTls->code != 220)
    return only(noEncryption(
        server, fmt::format("the server offers STARTTLS and refuses it: {}", startTls->code)));
  if (auto soon = expiring(server, visit, now, expiryWarning))
    judgement.findings.push_back(std::move(*soon));
  if (server.user.empty()) return judgement;
  if (!offersLogin(visit))
    judgement.findings.push_back(
        about(kRc658, server,
              fmt::format("{} offers no AUTH that Ghost has, and Ghost is to log in there.",
                          addressOf(server))));
  else if (!mayLogIn(server, visit))
    judgement.findings.push_back(about(
        kRc660, server,
        fmt::format("Ghost sends user and password to {} without encryption.", addressOf(server))));
  return judgement;
}

Judgement judgeLogin(const SmtpServer& server, const SmtpVisit& visit) {
  if (visit.end == SmtpEnd::kDone) return {};
  const SmtpReply* const answer = visit.reply("AUTH");
  if (visit.end == SmtpEnd::kLoginRefused && isRefusal(answer)) {
    // The text may repeat the user's name.
    Finding finding = about(
        kRc659, server,
        fmt::format("{} refuses Ghost's user and password ({}).", addressOf(server), answer->code));
    finding.evidence["code"] = std::to_string(answer->code);
    return only(std::move(finding));
  }
  return gap(
      ErrorCode::kUnavailable,
      answer ? fmt::format("{} did not decide on the login ({})", addressOf(server), answer->code)
             : fmt::format("no login at {}: {}", addressOf(server), visit.detail));
}

Judgement judgeTestMail(const SmtpServer& server, const SmtpVisit& visit, const std::string& to) {
  if (visit.end == SmtpEnd::kDone) return {};
  if (visit.end == SmtpEnd::kLoginRefused) return judgeLogin(server, visit);
  if (visit.end != SmtpEnd::kMailRefused) return broken(server, visit);
  Finding finding = about(kRc663, server,
                          fmt::format("{} refuses the test mail to {} with {}: {}.",
                                      addressOf(server), to, lastCommand(visit), lastWords(visit)));
  return only(std::move(finding));
}

}  // namespace rollcall::checks::mail
