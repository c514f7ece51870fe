// Whether mail can leave: the mail server that Ghost is configured with, and Mailgun's API for
// newsletters.
#include "daemon/core/check.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "checks/mail/mailgun.h"
#include "checks/mail/rules.h"
#include "daemon/db/content_source.h"
#include "daemon/k8s/workload.h"
#include "daemon/net/http_client.h"

namespace rollcall::checks {
namespace mail {
namespace {

using namespace std::chrono_literals;

const std::vector<ParamDef> kParams = {
    {"login", false, "log in to the mail server with Ghost's user and password, and send nothing"},
    {"ca", std::string(), "authorities (PEM) that may have signed the mail server's certificate"},
    {"expiry", Duration(14 * 24h), "a certificate that ends sooner than this is RC657",
     Duration(0s)},
    {"patience", Duration(15s), "how long a visit to the mail server may take", Duration(1s),
     Duration(2min)},
    {"mailgun", true, "ask Mailgun's API for the domain of the newsletters"},
};

constexpr Duration kPause = 2s;         // before a second try
constexpr Duration kLeastForATry = 5s;  // else the first is believed
constexpr Duration kApiTimeout = 10s;

const std::string kMailgunSql =
    "SELECT `key`, value FROM settings WHERE `key` IN "
    "('mailgun_api_key', 'mailgun_base_url', 'mailgun_domain')";

constexpr std::string_view kNothingKnown =
    "nothing is known of Ghost's mail configuration: give --ghost-config, or Rollcall the same "
    "mail__* variables as Ghost";

struct Limits {
  bool login;
  std::string ca;
  Duration expiry;
  Duration patience;
  bool mailgun;
};

// What was encrypted a moment ago is so again, or is not said at all.
SmtpQuestion insisting(SmtpQuestion question, const SmtpVisit& seen) {
  if (question.security == SmtpSecurity::kIfOffered && seen.encrypted)
    question.security = SmtpSecurity::kRequired;
  return question;
}

class Run {
 public:
  Run(const Limits& limits, const CheckContext& context) : limits_(limits), context_(context) {}
  Outcome run();

 private:
  void note(std::string text) { outcome_.notes.push_back(std::move(text)); }
  // True when there was nothing to say against it.
  bool take(std::string_view what, Judgement judgement);
  bool sameMachine() const;
  GhostEnvironment environment() const;
  std::optional<MailgunAccount> bulkAccount();
  std::optional<MailgunAccount> unclearAccount(std::string_view where);
  SmtpQuestion question(const SmtpServer& server) const;
  Result<SmtpQuestion> loginQuestion(const SmtpServer& server, const SmtpVisit& seen) const;
  SmtpVisit visit(const SmtpQuestion& question) const;
  void lookAtServer(const SmtpServer& server);
  void logIn(const SmtpServer& server, const SmtpVisit& seen);
  void sendTest(const SmtpServer& server, const SmtpVisit& seen);
  SmtpMail testMail() const;
  bool isToSend() const;
  void notSent(ErrorCode code, std::string_view why);
  void lookAtMailgun(const MailgunAccount& account, std::string_view what);

  const Limits& limits_;
  const CheckContext& context_;
  Outcome outcome_;
};

bool Run::take(std::string_view what, Judgement judgement) {
  const bool clean = judgement.findings.empty() && !judgement.gap;
  for (Finding& finding : judgement.findings) outcome_.findings.push_back(std::move(finding));
  if (judgement.gap) outcome_.gaps.push_back({"", std::string(what), std::move(*judgement.gap)});
  return clean;
}

bool Run::sameMachine() const {
  return !context_.topology.pods.empty() &&
         std::ranges::all_of(context_.topology.pods, [](const Pod& pod) {
           return pod.host.starts_with("127.") || pod.host == "localhost" || pod.host == "::1";
         });
}

GhostEnvironment Run::environment() const {
  if (!context_.workload)
    return sameMachine() ? GhostEnvironment::kHasNone : GhostEnvironment::kUnseen;
  const Result<Workload> workload = context_.workload->look(context_.deadline, context_.stop);
  if (!workload || workload->pods.empty()) return GhostEnvironment::kUnseen;
  const bool none = std::ranges::all_of(workload->pods, [](const k8s::WorkloadPod& pod) {
    return pod.ghost && !pod.ghost->hasMail && !pod.ghost->hasMoreEnv;
  });
  return none ? GhostEnvironment::kHasNone : GhostEnvironment::kHasMail;
}

std::optional<MailgunAccount> Run::unclearAccount(std::string_view where) {
  outcome_.gaps.push_back(
      {"",
       "Mailgun's API, for newsletters",
       {ErrorCode::kInvalidArgument,
        fmt::format("the address, the domain or the key in {} is none that can be used", where)}});
  return std::nullopt;
}

// Of the configuration, else of the settings table; whoever may not read that is told once.
std::optional<MailgunAccount> Run::bulkAccount() {
  if (!limits_.mailgun) return std::nullopt;
  if (context_.mail && context_.mail->bulk) return context_.mail->bulk;
  if (context_.mail && context_.mail->bulkUnclear) return unclearAccount("bulkEmail.mailgun");
  if (!context_.content) return std::nullopt;
  const auto rows = context_.content->rows(kMailgunSql, context_.deadline, context_.stop);
  if (!rows) {
    if (isAboutOneTable(rows.error(), *context_.content, context_.deadline, context_.stop))
      note("newsletters are not looked at: " + rows.error().message);
    else
      outcome_.gaps.push_back({"", "the settings of newsletters", rows.error()});
    return std::nullopt;
  }
  std::map<std::string, std::string> values;
  for (const Row& row : *rows)
    if (row.size() == 2 && row[0] && row[1]) values[*row[0]] = *row[1];
  const std::string& url = values["mailgun_base_url"];
  const std::string& domain = values["mailgun_domain"];
  const std::string& key = values["mailgun_api_key"];
  if (std::optional<MailgunAccount> account = mailgunAccount(url, domain, key)) return account;
  if (url.empty() || domain.empty() || key.empty()) return std::nullopt;
  return unclearAccount("Ghost's settings of Mailgun");
}

SmtpQuestion Run::question(const SmtpServer& server) const {
  SmtpQuestion question;
  question.host = server.host;
  question.port = server.port;
  question.security = server.security;
  question.verify = server.verify;
  question.caFile = limits_.ca;
  question.timeout = limits_.patience;
  return question;
}

// What may be over in a moment is looked at twice.
SmtpVisit Run::visit(const SmtpQuestion& question) const {
  SmtpVisit first = context_.smtp->visit(question, context_.deadline, context_.stop);
  if (!mayPass(first) || context_.deadline.left(context_.clock) < kPause + kLeastForATry)
    return first;
  if (!context_.clock.sleepUntil(context_.clock.mono() + kPause, context_.stop)) return first;
  return context_.smtp->visit(question, context_.deadline, context_.stop);
}

void Run::lookAtServer(const SmtpServer& server) {
  const SmtpVisit seen = visit(question(server));
  const WallTime now = context_.clock.wall();
  take("the mail server", judgeVisit(server, seen, now, limits_.expiry));
  if (seen.end != SmtpEnd::kDone) return;
  if (isToSend())
    sendTest(server, seen);
  else if (limits_.login && !server.user.empty() && offersLogin(seen))
    logIn(server, seen);
}

// As Ghost would log in.
Result<SmtpQuestion> Run::loginQuestion(const SmtpServer& server, const SmtpVisit& seen) const {
  if (!mayLogIn(server, seen))
    return Error{ErrorCode::kPermissionDenied, "the login would not have been encrypted"};
  SmtpQuestion login = insisting(question(server), seen);
  login.loginWay = loginWay(seen);
  if (login.loginWay.empty())
    return Error{ErrorCode::kUnavailable, "XOAUTH2 is the only login that is offered"};
  login.user = server.user;
  login.password = server.password;
  return login;
}

void Run::logIn(const SmtpServer& server, const SmtpVisit& seen) {
  const Result<SmtpQuestion> login = loginQuestion(server, seen);
  if (!login) return note("no login was tried: " + login.error().message);
  take("the login to the mail server",
       judgeLogin(server, context_.smtp->visit(*login, context_.deadline, context_.stop)));
}

void Run::sendTest(const SmtpServer& server, const SmtpVisit& seen) {
  SmtpQuestion sending = insisting(question(server), seen);
  if (!server.user.empty() && offersLogin(seen)) {
    Result<SmtpQuestion> login = loginQuestion(server, seen);
    if (!login) return notSent(login.error().code, login.error().message);
    sending = std::move(*login);
  }
  sending.mail = testMail();
  const std::string& to = context_.mail->testTo;
  const SmtpVisit sent = context_.smtp->visit(sending, context_.deadline, context_.stop);
  if (take("the test mail", judgeTestMail(server, sent, to)))
    note(fmt::format("{} took a test mail to {}", addressOf(server), to));
}

bool Run::isToSend() const {
  return context_.mail && !context_.mail->testTo.empty() && context_.trigger == Trigger::kOnce;
}

void Run::notSent(ErrorCode code, std::string_view why) {
  outcome_.gaps.push_back({"", "the test mail", {code, fmt::format("not sent: {}", why)}});
}

SmtpMail Run::testMail() const {
  const std::string& host = context_.site.url.host;
  const std::string from = context_.mail->from.empty() ? "noreply@" + host : context_.mail->from;
  const std::time_t now = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(context_.clock.wall()));
  return {from, context_.mail->testTo,
          fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n"
                      "From: {}\r\nTo: {}\r\nSubject: Rollcall's test mail for {}\r\n"
                      "Message-ID: <rollcall.{}@{}>\r\nAuto-Submitted: auto-generated\r\n"
                      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                      "This mail was sent with the mail configuration of {}, on request.\r\n",
                      fmt::gmtime(now), from, context_.mail->testTo, host,
                      context_.clock.wall().time_since_epoch().count(), host,
                      context_.site.url.text())};
}

void Run::lookAtMailgun(const MailgunAccount& account, std::string_view what) {
  Result<HttpRequest> request = mailgunRequest(account, kApiTimeout);
  if (!request) {
    outcome_.gaps.push_back({"", std::string(what), request.error()});
    return;
  }
  const auto batch = context_.web->batch({});
  batch->add(std::move(*request), [&](const Result<HttpResponse>& answer) {
    take(what, judgeMailgun(account, answer));
  });
  batch->drive(context_.deadline, context_.stop);
}

Outcome Run::run() {
  Plan plan;
  const MailSettings* const settings = context_.mail;
  // A configuration that only has bulkEmail says nothing of the transport.
  const bool says =
      settings && (settings->transport != MailTransport::kNone || !settings->file.empty());
  if (says)
    plan = planOf(*settings,
                  isNoTransport(settings->transport) ? environment() : GhostEnvironment::kUnseen,
                  sameMachine());
  else
    plan.unseen = kNothingKnown;
  const std::optional<MailgunAccount> bulk = bulkAccount();
  if (plan.finding) outcome_.findings.push_back(std::move(*plan.finding));
  if (isToSend() && !plan.smtp)
    notSent(ErrorCode::kUnavailable,
            plan.unseen.empty() ? "no mail server is configured" : plan.unseen);
  const bool looks = plan.smtp || plan.mailgun || bulk;
  if (!looks && outcome_.findings.empty() && outcome_.gaps.empty()) {
    Outcome none;
    none.notApplicable = plan.unseen;
    return none;
  }
  if (!plan.unseen.empty()) note(plan.unseen);
  if (plan.smtp && context_.smtp) lookAtServer(*plan.smtp);
  if (plan.mailgun && context_.web) lookAtMailgun(*plan.mailgun, "Mailgun's API, for mail");
  if (bulk && context_.web) lookAtMailgun(*bulk, "Mailgun's API, for newsletters");
  return std::move(outcome_);
}

class MailCheck final : public Check {
 public:
  explicit MailCheck(const Params& params)
      : limits_{params.flag("login"), params.text("ca"), params.duration("expiry"),
                params.duration("patience"), params.flag("mailgun")} {}
  Result<Outcome> run(const CheckContext& context) override { return Run(limits_, context).run(); }

 private:
  const Limits limits_;
};

}  // namespace
}  // namespace mail

const CheckSpec& mailSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "mail",
      .summary = "the mail server that Ghost uses takes mail, and Mailgun the newsletters",
      .needs = {Need::kLead},
      .interval = 10min,
      .timeout = 1min,
      .onChange = false,
      .findings = mail::findings(),
      .params = mail::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<mail::MailCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
