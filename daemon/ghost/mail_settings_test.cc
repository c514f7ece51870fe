#include "daemon/ghost/mail_settings.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Values = std::map<std::string, std::string>;

MailSettings settingsOf(const Values& values) {
  Result<MailSettings> settings = readMailSettings(values);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? *settings : MailSettings{};
}

TEST(MailSettings, transportsAreKnownInAnyCase) {
  const std::pair<const char*, MailTransport> rows[] = {
      {"", MailTransport::kNone},         {"SMTP", MailTransport::kSmtp},
      {"Direct", MailTransport::kDirect}, {"Mailgun", MailTransport::kMailgun},
      {"SES", MailTransport::kSes},       {"sendmail", MailTransport::kSendmail},
      {"stub", MailTransport::kStub},     {"postmark", MailTransport::kUnknown},
  };
  for (const auto& [name, transport] : rows)
    EXPECT_EQ(settingsOf({{"mail.transport", name}}).transport, transport) << name;
}

TEST(MailSettings, portAndEncryptionAreWhatNodemailerMakesOfThem) {
  struct Row {
    Values options;
    std::uint16_t port;
    SmtpSecurity security;
  };
  const Row rows[] = {
      {{}, 587, SmtpSecurity::kIfOffered},
      {{{"port", "465"}}, 465, SmtpSecurity::kImplicit},
      {{{"port", "465"}, {"secure", "false"}}, 465, SmtpSecurity::kIfOffered},
      {{{"secure", "true"}}, 465, SmtpSecurity::kImplicit},
      {{{"secure", "true"}, {"port", "587"}}, 587, SmtpSecurity::kImplicit},
      {{{"secureConnection", "true"}, {"secure", "false"}}, 465, SmtpSecurity::kImplicit},
      {{{"secureConnection", "false"}, {"secure", "true"}}, 465, SmtpSecurity::kIfOffered},
      {{{"requireTLS", "true"}}, 587, SmtpSecurity::kRequired},
      {{{"ignoreTLS", "true"}, {"port", "25"}}, 25, SmtpSecurity::kNone},
      {{{"ignoreTLS", "true"}, {"requireTLS", "true"}}, 587, SmtpSecurity::kNone},
      {{{"service", "SendGrid"}, {"port", "25"}}, 587, SmtpSecurity::kIfOffered},
      {{{"service", "Gmail"}}, 465, SmtpSecurity::kImplicit},
  };
  for (const Row& row : rows) {
    Values values = {{"mail.transport", "SMTP"}, {"mail.options.host", "smtp.e.org"}};
    std::string name;
    for (const auto& [key, value] : row.options) {
      values["mail.options." + key] = value;
      name += key + "=" + value + " ";
    }
    const MailSettings settings = settingsOf(values);
    ASSERT_TRUE(settings.smtp) << name;
    EXPECT_EQ(settings.smtp->port, row.port) << name;
    EXPECT_EQ(settings.smtp->security, row.security) << name;
  }
}

TEST(MailSettings, whatGhostHasIsNeverRefusedButMayBeUnclear) {
  const std::pair<Values, bool> rows[] = {
      {{{"mail.options.service", "Seznam"}}, false},
      {{{"mail.options.host", "smtp e.org"}}, false},
      {{{"mail.options.url", "smtps://u:p@smtp.e.org"}}, false},
      {{{"mail.options.host", "${SMTP_HOST}"}}, false},
      {{{"mail.options.port", "65536"}}, false},
      {{{"mail.options.port", "99999999999"}}, false},
      {{{"mail.options.port", "abc"}}, true},
      {{{"mail.options.port", "0"}}, true},
      {{{"mail.options.port", ""}}, true},
  };
  for (const auto& [options, clear] : rows) {
    Values values = options;
    values["mail.transport"] = "SMTP";
    const MailSettings settings = settingsOf(values);
    EXPECT_EQ(settings.smtp.has_value(), clear) << options.begin()->second;
    EXPECT_EQ(settings.unclear.empty(), clear) << options.begin()->second;
    if (settings.smtp) {
      EXPECT_EQ(settings.smtp->port, 587);
    }
  }
}

TEST(MailSettings, verificationIsOnUnlessItIsTurnedOff) {
  Values values = {{"mail.transport", "smtp"}, {"mail.options.host", "smtp.e.org"}};
  EXPECT_TRUE(settingsOf(values).smtp->verify);
  values["mail.options.tls.rejectUnauthorized"] = "false";
  EXPECT_FALSE(settingsOf(values).smtp->verify);
}

TEST(MailSettings, mailgunsApiIsKnownFromTheTransportAndFromBulkEmail) {
  const MailSettings settings =
      settingsOf({{"mail.transport", "Mailgun"},
                  {"mail.options.host", "api.eu.mailgun.net"},
                  {"mail.options.auth.api_key", "key-1"},
                  {"mail.options.auth.domain", "mg.e.org"},
                  {"bulkEmail.mailgun.apiKey", "key-2"},
                  {"bulkEmail.mailgun.domain", "news.e.org"},
                  {"bulkEmail.mailgun.baseUrl", "https://api.mailgun.net/v3"}});
  ASSERT_TRUE(settings.mailgun);
  EXPECT_EQ(settings.mailgun->origin, "https://api.eu.mailgun.net");
  EXPECT_EQ(settings.mailgun->domain, "mg.e.org");
  ASSERT_TRUE(settings.bulk);
  EXPECT_EQ(settings.bulk->origin, "https://api.mailgun.net");
  EXPECT_EQ(settings.bulk->key, "key-2");
}

TEST(MailSettings, anAccountOfMailgunNeedsAllThreeSettings) {
  EXPECT_TRUE(mailgunAccount("https://api.mailgun.net/v3", "mg.e.org", "k"));
  EXPECT_FALSE(mailgunAccount("", "mg.e.org", "k"));
  EXPECT_FALSE(mailgunAccount("https://api.mailgun.net/v3", "", "k"));
  EXPECT_FALSE(mailgunAccount("https://api.mailgun.net/v3", "mg.e.org", ""));
  EXPECT_FALSE(mailgunAccount("https://api.mailgun.net/v3", "mg/../../x", "k"));
  EXPECT_FALSE(mailgunAccount("ftp://api.mailgun.net", "mg.e.org", "k"));
}

TEST(MailSettings, addressesThatCanBeSentTo) {
  const std::pair<const char*, const char*> rows[] = {
      {"a@e.org", "a@e.org"},
      {"The Blog <a@e.org>", "a@e.org"},
      {"\"Blog, The\" <a@e.org>", "a@e.org"},
      {"a", ""},
      {"a@", ""},
      {"@e.org", ""},
      {"a@b@e.org", ""},
      {"a@e.org\r\nRSET", ""},
      {"a@e.org, b@e.org", ""},
      {"<a@e.org", ""},
  };
  for (const auto& [text, address] : rows) EXPECT_EQ(mailAddress(text), address) << text;
}

TEST(MailSettings, aTestMailNeedsOneAddress) {
  EXPECT_EQ(settingsOf({{kMailTestTo, "you@e.org"}}).testTo, "you@e.org");
  for (const char* text : {"nobody", "You <you@e.org>", "a@e.org,b@e.org"}) {
    const Result<MailSettings> settings = readMailSettings({{kMailTestTo, text}});
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().message.rfind("--send-test: ", 0), 0U) << settings.error().message;
  }
}

}  // namespace
}  // namespace rollcall
