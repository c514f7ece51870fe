#include "checks/mail/mailgun.h"

#include <gtest/gtest.h>

#include "tests/support/outcome.h"

namespace rollcall::checks::mail {
namespace {

using namespace std::chrono_literals;

const MailgunAccount kAccount{"https://api.mailgun.net", "mg.e.org", "key-1"};

TEST(Mailgun, theQuestionCarriesTheKeyAndAsksForTheDomain) {
  const Result<HttpRequest> request = mailgunRequest(kAccount, 5s);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, Method::kGet);
  EXPECT_EQ(request->url, "https://api.mailgun.net/v3/domains/mg.e.org");
  // "api:key-1"
  EXPECT_EQ(request->headers.at(0),
            std::make_pair(std::string("Authorization"), std::string("Basic YXBpOmtleS0x")));
}

TEST(Mailgun, theKeyIsPaddedAsBasicAuthenticationWantsIt) {
  MailgunAccount account = kAccount;
  account.key = "k";
  EXPECT_EQ(mailgunRequest(account, 5s)->headers.at(0).second, "Basic YXBpOms=");
  account.key = "ke";
  EXPECT_EQ(mailgunRequest(account, 5s)->headers.at(0).second, "Basic YXBpOmtl");
}

TEST(Mailgun, theKeyNeverGoesOverTheNetworkInClear) {
  MailgunAccount account = kAccount;
  account.origin = "http://api.mailgun.net";
  EXPECT_FALSE(mailgunRequest(account, 5s));
  account.origin = "http://127.0.14.9:8080";
  EXPECT_TRUE(mailgunRequest(account, 5s));
}

TEST(Mailgun, answersAreFindingsOnlyWhereMailgunSaysSo) {
  struct Row {
    int status;
    const char* body;
    const char* code;
    bool gap;
  };
  const Row rows[] = {
      {200, R"({"domain":{"state":"active"}})", "", false},
      {200, R"({"domain":{"state":"unverified"}})", "RC662", false},
      {200, R"({"domain":{"state":"disabled"}})", "RC662", false},
      {200, R"({"domain":{"state":1}})", "", true},
      {200, R"({"domain":[]})", "", true},
      {200, "<html>", "", true},
      {401, "Forbidden", "RC661", false},
      {403, "{}", "RC661", false},
      {403, "\n<html>blocked by the proxy</html>", "", true},
      {401, "<!DOCTYPE html>", "", true},
      {404, R"({"message":"Domain not found"})", "RC662", false},
      {404, "<html>", "", true},
      {404, "[]", "", true},
      {302, "", "", true},
      {429, "{}", "", true},
      {500, "", "", true},
  };
  for (const Row& row : rows) {
    HttpResponse response;
    response.status = row.status;
    response.body = row.body;
    const Judgement judgement = judgeMailgun(kAccount, response);
    EXPECT_EQ(judgement.findings.empty() ? "" : judgement.findings[0].def->code, row.code)
        << row.status << row.body;
    EXPECT_EQ(judgement.gap.has_value(), row.gap) << row.status << row.body;
  }
  EXPECT_TRUE(judgeMailgun(kAccount, Error{ErrorCode::kUnavailable, "refused"}).gap);
}

}  // namespace
}  // namespace rollcall::checks::mail
