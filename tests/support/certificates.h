// Certificates for tests, made by the openssl program in a folder that goes away afterwards.
#pragma once

#include <filesystem>
#include <string>

#include "tests/support/hostile_server.h"

namespace rollcall::testing_support {

// A private authority. Throws when openssl fails.
class TestAuthority {
 public:
  static bool opensslIsThere();

  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  std::string caFile() const { return folder_ / "ca.pem"; }
  // A certificate for `host`; an expired one ended in 2020. `alsoFor`: further names, as openssl
  // writes them: "DNS:*.example.net,IP:127.0.0.1".
  TlsFiles issue(const std::string& host, bool expired = false, const std::string& alsoFor = "");

 private:
  // Runs openssl in the folder.
  void run(const std::string& arguments) const;

  std::filesystem::path folder_;
  int issued_ = 0;
};

}  // namespace rollcall::testing_support
