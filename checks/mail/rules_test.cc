#include "checks/mail/rules.h"

#include <gtest/gtest.h>

#include "tests/support/outcome.h"

namespace rollcall::checks::mail {
namespace {

using namespace std::chrono_literals;
using Codes = std::vector<std::string>;

const SmtpServer kServer{"smtp.e.org", 587, SmtpSecurity::kIfOffered, true, "ghost", "secret"};

Codes codesOf(const Judgement& judgement) {
  Outcome outcome;
  outcome.findings = judgement.findings;
  return testing_support::codesOf(outcome);
}

SmtpVisit visitOf(std::vector<SmtpReply> replies, bool encrypted = false) {
  SmtpVisit visit;
  visit.end = SmtpEnd::kDone;
  visit.replies = std::move(replies);
  visit.encrypted = encrypted;
  return visit;
}
SmtpVisit endedWith(SmtpEnd end) {
  SmtpVisit visit;
  visit.end = end;
  return visit;
}

const SmtpReply kGreeting{"", 220, {"ready"}};
const SmtpReply kWithAuth{"EHLO", 250, {"e.org", "AUTH PLAIN LOGIN"}};
const SmtpReply kWithoutAuth{"EHLO", 250, {"e.org", "SIZE 1000"}};

TEST(MailRules, everyEndOfAVisitIsAFindingOrAGapOrInOrder) {
  struct Row {
    SmtpEnd end;
    Codes codes;
    bool gap;
  };
  const Row rows[] = {
      {SmtpEnd::kNoSuchHost, {"RC653"}, false},
      {SmtpEnd::kNotResolved, {}, true},
      {SmtpEnd::kRefused, {"RC653"}, false},
      {SmtpEnd::kUnreachable, {}, true},
      {SmtpEnd::kTimeout, {}, true},
      {SmtpEnd::kClosed, {}, true},
      {SmtpEnd::kNoSmtp, {"RC653"}, false},
      {SmtpEnd::kTooMuch, {}, true},
      {SmtpEnd::kTurnedAway, {"RC654"}, false},
      {SmtpEnd::kNoStartTls, {"RC655"}, false},
      {SmtpEnd::kNoTls, {"RC655"}, false},
      {SmtpEnd::kTlsFailed, {}, true},
      {SmtpEnd::kCertificate, {"RC656"}, false},
      {SmtpEnd::kCancelled, {}, true},
      {SmtpEnd::kInternal, {}, true},
  };
  for (const Row& row : rows) {
    const Judgement judgement = judgeVisit(kServer, endedWith(row.end), WallTime{}, 24h);
    EXPECT_EQ(codesOf(judgement), row.codes) << static_cast<int>(row.end);
    EXPECT_EQ(judgement.gap.has_value(), row.gap) << static_cast<int>(row.end);
  }
}

TEST(MailRules, whoeverGreetedIsAMailServer) {
  SmtpVisit visit = visitOf({kGreeting});
  visit.end = SmtpEnd::kNoSmtp;
  const Judgement judgement = judgeVisit(kServer, visit, WallTime{}, 24h);
  EXPECT_EQ(codesOf(judgement), Codes{});
  ASSERT_TRUE(judgement.gap);
  EXPECT_EQ(judgement.gap->code, ErrorCode::kProtocol);
}

TEST(MailRules, theLoginIsTheOneThatGhostTakes) {
  const std::pair<const char*, const char*> rows[] = {
      {"AUTH CRAM-MD5 LOGIN PLAIN", "PLAIN"},
      {"AUTH DIGEST-MD5 CRAM-MD5 LOGIN", "LOGIN"},
      {"AUTH GSSAPI CRAM-MD5", "CRAM-MD5"},
      {"AUTH=LOGIN", "LOGIN"},
      {"AUTH XOAUTH2", ""},
      {"SIZE 1000", ""},
  };
  for (const auto& [offer, way] : rows)
    EXPECT_EQ(loginWay(visitOf({kGreeting, {"EHLO", 250, {"e.org", offer}}})), way) << offer;
}

TEST(MailRules, aShortNameThatDoesNotExistHereMayExistThere) {
  SmtpServer server = kServer;
  server.host = "mailhog";
  const Judgement judgement = judgeVisit(server, endedWith(SmtpEnd::kNoSuchHost), WallTime{}, 24h);
  EXPECT_EQ(codesOf(judgement), Codes{});
  ASSERT_TRUE(judgement.gap);
  EXPECT_EQ(judgement.gap->code, ErrorCode::kNotFound);
}

TEST(MailRules, whatAServerOffersIsJudgedByWhatGhostNeeds) {
  SmtpServer anonymous = kServer;
  anonymous.user.clear();
  SmtpServer local = kServer;
  local.host = "localhost";
  struct Row {
    SmtpServer server;
    SmtpVisit visit;
    Codes codes;
  };
  const Row rows[] = {
      {kServer, visitOf({kGreeting, kWithAuth}, true), {}},
      {kServer, visitOf({kGreeting, kWithAuth}), {"RC660"}},
      {local, visitOf({kGreeting, kWithAuth}), {}},
      {kServer, visitOf({kGreeting, kWithoutAuth}, true), {"RC658"}},
      {kServer, visitOf({kGreeting, kWithoutAuth}), {"RC658"}},
      {anonymous, visitOf({kGreeting, kWithoutAuth}), {}},
      {kServer, visitOf({kGreeting, {"EHLO", 250, {"e.org", "AUTH "}}}, true), {"RC658"}},
      {kServer, visitOf({kGreeting, {"EHLO", 250, {"e.org", "AUTH NTLM"}}}, true), {"RC658"}},
      {kServer, visitOf({kGreeting, {"EHLO", 250, {"e.org", "auth=login"}}}, true), {}},
      // The offer before STARTTLS does not count.
      {kServer,
       visitOf({kGreeting, kWithAuth, {"STARTTLS", 220, {}}, kWithoutAuth}, true),
       {"RC658"}},
      {kServer, visitOf({kGreeting, kWithAuth, {"STARTTLS", 454, {"later"}}}), {"RC655"}},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i)
    EXPECT_EQ(codesOf(judgeVisit(rows[i].server, rows[i].visit, WallTime{}, 24h)), rows[i].codes)
        << "row " << i;
}

TEST(MailRules, theCommandThatShowsItVerifiesWhatTheHostIs) {
  SmtpServer server = kServer;
  for (const auto& [host, command] : std::initializer_list<std::pair<const char*, const char*>>{
           {"smtp.e.org",
            "openssl s_client -connect smtp.e.org:587 -verify_hostname smtp.e.org -starttls smtp"},
           {"10.0.0.9",
            "openssl s_client -connect 10.0.0.9:587 -verify_ip 10.0.0.9 -starttls smtp"},
           {"fd00::9",
            "openssl s_client -connect [fd00::9]:587 -verify_ip fd00::9 -starttls smtp"}}) {
    server.host = host;
    EXPECT_EQ(judgeVisit(server, endedWith(SmtpEnd::kCertificate), WallTime{}, 24h)
                  .findings.at(0)
                  .reproduce,
              command);
  }
}

TEST(MailRules, aCertificateIsRefusedWithTheReasonThatGhostHas) {
  const std::pair<CertificateFault, const char*> rows[] = {
      {CertificateFault::kExpired, "has expired"},
      {CertificateFault::kNotYetValid, "is not valid yet"},
      {CertificateFault::kOtherHost, "is not for smtp.e.org"},
      {CertificateFault::kUnknownIssuer, "is signed by nobody"},
      {CertificateFault::kOther, "cannot be verified"},
  };
  for (const auto& [fault, text] : rows) {
    SmtpVisit visit = endedWith(SmtpEnd::kCertificate);
    visit.fault = fault;
    const Judgement judgement = judgeVisit(kServer, visit, WallTime{}, 24h);
    ASSERT_EQ(codesOf(judgement), Codes{"RC656"});
    EXPECT_NE(judgement.findings[0].message.find(text), std::string::npos)
        << judgement.findings[0].message;
  }
}

TEST(MailRules, aLoginIsRefusedOnlyWhereTheServerSaysSo) {
  struct Row {
    SmtpEnd end;
    std::vector<SmtpReply> replies;
    Codes codes;
    bool gap;
  };
  const Row rows[] = {
      {SmtpEnd::kDone, {}, {}, false},
      {SmtpEnd::kLoginRefused, {{"AUTH", 535, {"bad"}}}, {"RC659"}, false},
      {SmtpEnd::kLoginRefused, {{"AUTH", 454, {"later"}}}, {}, true},
      {SmtpEnd::kLoginRefused, {}, {}, true},
      {SmtpEnd::kTimeout, {{"AUTH", 334, {""}}}, {}, true},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    SmtpVisit visit = visitOf(rows[i].replies);
    visit.end = rows[i].end;
    const Judgement judgement = judgeLogin(kServer, visit);
    EXPECT_EQ(codesOf(judgement), rows[i].codes) << "row " << i;
    EXPECT_EQ(judgement.gap.has_value(), rows[i].gap) << "row " << i;
  }
}

TEST(MailRules, aTestMailIsRefusedOnlyWhereTheServerSaysSo) {
  SmtpVisit refused = visitOf({{"RCPT", 550, {"nobody here"}}});
  refused.end = SmtpEnd::kMailRefused;
  EXPECT_EQ(codesOf(judgeTestMail(kServer, refused, "a@e.org")), Codes{"RC663"});
  SmtpVisit login = visitOf({{"AUTH", 535, {"bad"}}});
  login.end = SmtpEnd::kLoginRefused;
  EXPECT_EQ(codesOf(judgeTestMail(kServer, login, "a@e.org")), Codes{"RC659"});
  EXPECT_TRUE(judgeTestMail(kServer, endedWith(SmtpEnd::kTimeout), "a@e.org").gap);
  EXPECT_EQ(codesOf(judgeTestMail(kServer, visitOf({}), "a@e.org")), Codes{});
}

TEST(MailRules, aPasswordIsNeverSentInClearToAnotherMachine) {
  SmtpServer local = kServer;
  local.host = "127.0.0.1";
  EXPECT_FALSE(mayLogIn(kServer, visitOf({})));
  EXPECT_TRUE(mayLogIn(kServer, visitOf({}, true)));
  EXPECT_TRUE(mayLogIn(local, visitOf({})));
}

enum class Plans { kFinding, kVisit, kAsk, kUnseen };

TEST(MailRules, thePlanFollowsFromTheConfiguration) {
  using Environment = GhostEnvironment;
  struct Row {
    std::map<std::string, std::string> values;
    Environment environment;
    bool sameMachine;
    Plans plan;
    std::string code;
  };
  const Row rows[] = {
      {{{"mail.file", "c.json"}}, Environment::kHasNone, false, Plans::kFinding, "RC651"},
      {{{"mail.file", "c.json"}}, Environment::kHasMail, false, Plans::kUnseen, ""},
      {{{"mail.file", "c.json"}}, Environment::kUnseen, false, Plans::kUnseen, ""},
      {{{"mail.transport", "Direct"}}, Environment::kUnseen, false, Plans::kFinding, "RC651"},
      // What Ghost-CLI and the official image write where nobody has said anything.
      {{{"mail.file", "c.json"}, {"mail.transport", "Direct"}},
       Environment::kUnseen,
       true,
       Plans::kUnseen,
       ""},
      {{{"mail.file", "c.json"}, {"mail.transport", "Direct"}},
       Environment::kHasMail,
       false,
       Plans::kUnseen,
       ""},
      {{{"mail.file", "c.json"}, {"mail.transport", "Direct"}},
       Environment::kHasNone,
       false,
       Plans::kFinding,
       "RC651"},
      {{{"mail.transport", "Postmark"}}, Environment::kUnseen, false, Plans::kFinding, "RC652"},
      {{{"mail.transport", "smtp"}, {"mail.options.host", "smtp.e.org"}},
       Environment::kUnseen,
       false,
       Plans::kVisit,
       ""},
      {{{"mail.transport", "smtp"}}, Environment::kUnseen, false, Plans::kUnseen, ""},
      {{{"mail.transport", "smtp"}}, Environment::kUnseen, true, Plans::kVisit, ""},
      {{{"mail.transport", "smtp"}, {"mail.options.host", "localhost"}},
       Environment::kUnseen,
       false,
       Plans::kUnseen,
       ""},
      {{{"mail.transport", "smtp"}, {"mail.options.service", "Unheard Of"}},
       Environment::kUnseen,
       false,
       Plans::kUnseen,
       ""},
      {{{"mail.transport", "SES"}}, Environment::kUnseen, false, Plans::kUnseen, ""},
      {{{"mail.transport", "sendmail"}}, Environment::kUnseen, true, Plans::kUnseen, ""},
      {{{"mail.transport", "stub"}}, Environment::kUnseen, true, Plans::kUnseen, ""},
      {{{"mail.transport", "Mailgun"}}, Environment::kUnseen, true, Plans::kUnseen, ""},
      {{{"mail.transport", "Mailgun"},
        {"mail.options.auth.apiKey", "k"},
        {"mail.options.auth.domain", "mg.e.org"}},
       Environment::kUnseen,
       true,
       Plans::kAsk,
       ""},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    const Row& row = rows[i];
    const Result<MailSettings> settings = readMailSettings(row.values);
    ASSERT_TRUE(settings);
    const Plan plan = planOf(*settings, row.environment, row.sameMachine);
    EXPECT_EQ(plan.finding.has_value(), row.plan == Plans::kFinding) << "row " << i;
    EXPECT_EQ(plan.smtp.has_value(), row.plan == Plans::kVisit) << "row " << i;
    EXPECT_EQ(plan.mailgun.has_value(), row.plan == Plans::kAsk) << "row " << i;
    EXPECT_EQ(!plan.unseen.empty(), row.plan == Plans::kUnseen) << "row " << i;
    EXPECT_EQ(plan.finding ? plan.finding->def->code : "", row.code) << "row " << i;
  }
}

}  // namespace
}  // namespace rollcall::checks::mail
