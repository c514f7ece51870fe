#include "daemon/net/certificate.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/certificates.h"

namespace rollcall {
namespace {
using namespace testing_support;
using testing::ElementsAre;

class CertificateTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestAuthority::opensslIsThere())
      GTEST_SKIP() << "the openssl program is missing: no certificates to test with";
    authority_ = std::make_unique<TestAuthority>();
  }
  static std::string contentOf(const std::string& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator(in), {});
  }
  std::unique_ptr<TestAuthority> authority_;
};

TEST_F(CertificateTest, tellsWhatItIsForAndHowLong) {
  const auto certificate = parseCertificate(
      contentOf(authority_->issue("example.org", true, "DNS:*.example.net,IP:127.0.0.1").certFile));
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_THAT(certificate->names, ElementsAre("example.org", "*.example.net", "127.0.0.1"));
  EXPECT_EQ(formatTime(certificate->notBefore), "2020-01-01T00:00:00.000Z");
  EXPECT_EQ(formatTime(certificate->notAfter), "2020-02-01T00:00:00.000Z");
  EXPECT_EQ(certificate->issuer, "test-authority");
}

TEST_F(CertificateTest, isForAHostAsABrowserDecidesIt) {
  const std::string pem =
      contentOf(authority_
                    ->issue("example.org", false,
                            "DNS:*.example.net,DNS:w*.example.com,IP:127.0.0.1,IP:2001:db8::1")
                    .certFile);
  const struct {
    const char* host;
    bool isFor;
  } kRows[] = {
      {"example.org", true},
      {"EXAMPLE.org", true},
      {"www.example.org", false},
      {"www.example.net", true},
      {"example.net", false},
      {"a.www.example.net", false},
      {"www.example.com", false},
      {"127.0.0.1", true},
      {"127.0.0.2", false},
      {"2001:db8::1", true},
      {"2001:db8::2", false},
      {"", false},
      {"example.org.evil.test", false},
  };
  for (const auto& row : kRows) EXPECT_EQ(isCertificateFor(pem, row.host), row.isFor) << row.host;
}

TEST_F(CertificateTest, aCommonNameAloneIsForNobody) {
  const std::string pem = contentOf(authority_->caFile());
  ASSERT_TRUE(parseCertificate(pem));
  EXPECT_FALSE(isCertificateFor(pem, "test-authority"));
}

TEST(Certificate, whatIsNoneIsAnError) {
  for (const char* pem :
       {"", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(parseCertificate(pem)) << pem;
    EXPECT_FALSE(isCertificateFor(pem, "example.org")) << pem;
  }
}

}  // namespace
}  // namespace rollcall
