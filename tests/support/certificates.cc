#include "tests/support/certificates.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>
#include <stdexcept>

namespace rollcall::testing_support {
namespace {

constexpr const char* kConfig = R"([ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
)";

constexpr const char* kNewKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

}  // namespace

bool TestAuthority::opensslIsThere() {
  return ::system("openssl version >/dev/null 2>&1") == 0;
}

TestAuthority::TestAuthority() {
  std::string name = std::filesystem::temp_directory_path() / "rollcall-ca-XXXXXX";
  if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary folder");
  folder_ = name;
  std::ofstream(folder_ / "ca.cnf") << kConfig;
  std::ofstream(folder_ / "index.txt");
  std::ofstream(folder_ / "serial") << "01\n";
  run(fmt::format("req -x509 {} -subj /CN=test-authority -days 2 -keyout ca.key -out ca.pem",
                  kNewKey));
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

TlsFiles TestAuthority::issue(const std::string& host, bool expired, const std::string& alsoFor) {
  const std::string stem = fmt::format("leaf{}", issued_++);
  run(
      fmt::format("req -new {1} -subj /CN={2} -addext subjectAltName=DNS:{2}{3} -keyout "
                  "{0}.key -out {0}.csr",
                  stem, kNewKey, host, alsoFor.empty() ? "" : "," + alsoFor));
  run(fmt::format("ca -batch -notext -config ca.cnf -in {0}.csr -out {0}.pem {1}", stem,
                  expired ? "-startdate 20200101000000Z -enddate 20200201000000Z" : "-days 1"));
  return {folder_ / (stem + ".pem"), folder_ / (stem + ".key")};
}

void TestAuthority::run(const std::string& arguments) const {
  const std::string log = folder_ / "log";
  const std::string command =
      fmt::format("cd '{}' && openssl {} >>log 2>&1 </dev/null", folder_.string(), arguments);
  if (::system(command.c_str()) != 0) {
    std::ifstream said(log);
    throw std::runtime_error("openssl failed: " + std::string(std::istreambuf_iterator(said), {}));
  }
}

}  // namespace rollcall::testing_support
