// Certificates as servers show them.
#include "daemon/net/certificate.h"

#include <algorithm>

#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

// `der` as an answer of OpenSSL's has it.
std::string pemOf(std::string_view der) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  std::size_t column = 0;
  for (std::size_t i = 0; i < der.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < der.size() ? static_cast<unsigned char>(der[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j)
      pem += i + j > der.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
    if (++column % 16 == 0) pem += '\n';
  }
  return pem + "\n-----END CERTIFICATE-----\n";
}

void check(const std::string& pem) {
  for (const char* host : {"example.org", "10.0.0.1", "::1", ""}) (void)isCertificateFor(pem, host);
  const Result<Certificate> certificate = parseCertificate(pem);
  if (!certificate) return FUZZ_HOLDS(fuzz::isFit(certificate.error()));
  FUZZ_HOLDS(certificate->names.size() <= 1'000);
  for (const std::string& name : certificate->names)
    FUZZ_HOLDS(name.size() <= 2'000 && fuzz::isShowable(name));
  FUZZ_HOLDS(certificate->issuer.size() <= 2'000 && fuzz::isShowable(certificate->issuer));
  FUZZ_HOLDS(!formatTime(certificate->notAfter).empty());
  FUZZ_HOLDS(!formatTime(certificate->notBefore).empty());
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rollcall::fuzz::Input input(data, size);
  rollcall::check(rollcall::pemOf(input.rest()));
  rollcall::check(std::string(input.rest()));
  return 0;
}
