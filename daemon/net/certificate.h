// An X.509 certificate as it was shown by a server. Pure; says nothing of who signed it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

struct Certificate {
  WallTime notBefore{};
  WallTime notAfter{};
  std::vector<std::string> names;  // what it is for: DNS names ("*.example.org") and addresses
  std::string issuer;              // the common name of who signed it, or its organization
};

// The first certificate in `pem`. Names are printable and few: bounded and escaped.
Result<Certificate> parseCertificate(std::string_view pem);

// Whether it is for `host`, a DNS name or an address without brackets, as browsers decide it: by
// its alternative names, where "*" is a whole label.
// False when `pem` holds no certificate.
bool isCertificateFor(std::string_view pem, std::string_view host);

// Why a TLS client refuses a certificate.
enum class CertificateFault { kNone, kExpired, kNotYetValid, kOtherHost, kUnknownIssuer, kOther };
// From the result of OpenSSL's verification, which does not know of kOtherHost.
CertificateFault certificateFault(long verifyResult);

}  // namespace rollcall
