// A folder of its own for each test, a registry of made-up checks, and a way to plant secrets.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/config/config.h"
#include "tests/support/made_up_checks.h"

namespace rollcall {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  // Writes a file into the test's folder; its full path.
  std::string write(const std::string& name, const std::string& content) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string folder() const { return folder_.string(); }

  Result<Config> load(const ConfigSources& sources) const { return loadConfig(sources, registry_); }
  Result<Config> loadYaml(const std::string& yaml) const {
    return load({.configFile = write("rollcall.yaml", yaml)});
  }
  Result<Config> loadGhost(const std::string& json) const {
    return load({.ghostConfig = write("ghost.json", json)});
  }
  // All problems, with the test's folder left out; "" when there is none.
  std::string problems(const Result<Config>& result) const {
    std::string text = result ? "" : result.error().message;
    for (auto at = text.find(folder() + "/"); at != std::string::npos;
         at = text.find(folder() + "/"))
      text.erase(at, folder().size() + 1);
    return text;
  }

  const CheckSpec posts_ = testing_support::madeUpPosts();
  const CheckSpec pods_{.name = "pods",
                        .summary = "every pod is well",
                        .needs = {},
                        .interval = std::chrono::seconds(10),
                        .timeout = std::chrono::seconds(5),
                        .onChange = false,
                        .findings = {},
                        .params = {},
                        .make = nullptr};
  const CheckRegistry registry_{{&pods_, &posts_}};

 private:
  std::filesystem::path folder_;
};

}  // namespace rollcall
