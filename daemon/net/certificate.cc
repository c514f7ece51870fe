#include "daemon/net/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace rollcall {
namespace {

constexpr std::size_t kMaxNames = 50;
constexpr std::size_t kMaxName = 255;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeX509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
using X509Ptr = std::unique_ptr<X509, FreeX509>;

X509Ptr read(std::string_view pem) {
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1u << 20))));
  if (!bio) return nullptr;
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

std::string printable(const ASN1_STRING* text) {
  if (!text) return {};
  const auto* const bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
  std::string safe(
      bytes, std::min<std::size_t>(static_cast<std::size_t>(ASN1_STRING_length(text)), kMaxName));
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return safe;
}

std::string addressText(const ASN1_OCTET_STRING* address) {
  const unsigned char* const bytes = ASN1_STRING_get0_data(address);
  const int length = ASN1_STRING_length(address);
  std::string text;
  if (length == 4) {
    for (int i = 0; i < length; ++i) text += (i > 0 ? "." : "") + std::to_string(bytes[i]);
  } else if (length == 16) {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (int i = 0; i < length; ++i) {
      if (i > 0 && i % 2 == 0) text += ':';
      text += kHex[bytes[i] >> 4];
      text += kHex[bytes[i] & 15];
    }
  }
  return text;
}

std::optional<WallTime> timeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::vector<std::string> namesOf(X509* certificate) {
  std::vector<std::string> found;
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return found;
  const int count = sk_GENERAL_NAME_num(names.get());
  for (int i = 0; i < count && found.size() < kMaxNames; ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) found.push_back(printable(name->d.dNSName));
    if (name->type == GEN_IPADD) found.push_back(addressText(name->d.iPAddress));
  }
  return found;
}

std::string issuerOf(X509* certificate) {
  const X509_NAME* const name = X509_get_issuer_name(certificate);
  for (const int nid : {NID_commonName, NID_organizationName}) {
    const int at = X509_NAME_get_index_by_NID(const_cast<X509_NAME*>(name), nid, -1);
    if (at >= 0) return printable(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  }
  return {};
}

}  // namespace

Result<Certificate> parseCertificate(std::string_view pem) {
  const X509Ptr certificate = read(pem);
  if (!certificate) return Error{ErrorCode::kProtocol, "this is no X.509 certificate"};
  const auto begin = timeOf(X509_get0_notBefore(certificate.get()));
  const auto end = timeOf(X509_get0_notAfter(certificate.get()));
  if (!begin || !end)
    return Error{ErrorCode::kProtocol, "the certificate's dates cannot be understood"};
  return Certificate{.notBefore = *begin,
                     .notAfter = *end,
                     .names = namesOf(certificate.get()),
                     .issuer = issuerOf(certificate.get())};
}

CertificateFault certificateFault(long verifyResult) {
  switch (verifyResult) {
    case X509_V_OK:
      return CertificateFault::kNone;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CertificateFault::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertificateFault::kNotYetValid;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return CertificateFault::kUnknownIssuer;
    default:
      return CertificateFault::kOther;
  }
}

bool isCertificateFor(std::string_view pem, std::string_view host) {
  const X509Ptr certificate = read(pem);
  if (!certificate || host.empty()) return false;
  const std::string text(host);
  if (X509_check_ip_asc(certificate.get(), text.c_str(), 0) == 1) return true;
  constexpr unsigned kAsBrowsers =
      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  return X509_check_host(certificate.get(), host.data(), host.size(), kAsBrowsers, nullptr) == 1;
}

}  // namespace rollcall
