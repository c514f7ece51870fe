// File systems that break, for tests: a client of volumes.py, which says what there is to ask for.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace rollcall::testing_support {

// Its volumes are taken away when it ends, also when the test dies; the test fails when that does
// not succeed. Gives this process a mount namespace of its own: to be made before there are
// threads.
class VolumeBed {
 public:
  VolumeBed();
  VolumeBed(const VolumeBed&) = delete;
  ~VolumeBed();

  // Why this machine could not do something that was asked for; empty when it could do all. The
  // test is to be skipped then.
  const std::string& missing() const { return missing_; }

  // The words of a command of volumes.py: {"make", "a", "ext4"}. Its answer; a failure of the test
  // when it failed.
  std::string ask(const std::vector<std::string>& words);

 private:
  std::string hear();

  std::FILE* commands_ = nullptr;
  std::FILE* answers_ = nullptr;
  std::string missing_;
};

}  // namespace rollcall::testing_support
