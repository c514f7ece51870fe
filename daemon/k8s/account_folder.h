// A service account's folder as Kubernetes puts it into a container, for the tests of this folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "daemon/k8s/cluster.h"

namespace rollcall::k8s {

// Of the namespace "blog"; gone with the test.
class AccountFolder {
 public:
  AccountFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "account-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    write("ca.crt", "-----BEGIN CERTIFICATE-----\n");
    write("token", "secret");
    write("namespace", "blog");
  }
  ~AccountFolder() { std::filesystem::remove_all(path_); }
  AccountFolder(const AccountFolder&) = delete;
  AccountFolder& operator=(const AccountFolder&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  Surroundings surroundings() const { return {"10.0.0.1", "443", path_}; }

 private:
  std::string path_;
};

}  // namespace rollcall::k8s
