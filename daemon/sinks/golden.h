// Compares text with a file of daemon/sinks/testdata; ROLLCALL_UPDATE_GOLDEN=1 rewrites the file.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace rollcall::testing_support {

inline std::string readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void expectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(ROLLCALL_SOURCE_DIR "/daemon/sinks/testdata/") + name;
  if (std::getenv("ROLLCALL_UPDATE_GOLDEN") != nullptr)
    std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(readFile(path), text) << path;
}

}  // namespace rollcall::testing_support
