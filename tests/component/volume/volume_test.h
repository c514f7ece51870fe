// A content folder on a file system of the test's own, and the probe of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "daemon/content/content_dir.h"
#include "tests/support/volume_bed.h"

namespace rollcall {

class VolumeTest : public ::testing::Test {
 protected:
  // Mounts what volumes.py calls `kind` and puts images and themes there. False when this machine
  // cannot, see why().
  bool mount(const std::string& kind, const std::string& options = "");
  // False as with mount().
  bool tell(const std::vector<std::string>& words);
  void rule(const std::string& rules) { tell({"rule", "volume", rules}); }
  const std::string& why() const { return bed_.missing(); }

  // By the same ContentDir each time.
  MountLook probe(Duration patience = std::chrono::seconds(10),
                  Duration limit = std::chrono::seconds(30));
  // Probes until nothing hangs any more, and expects that to come.
  MountLook probeUntilItAnswers();
  void expectWell(const MountLook& look);
  void expectNothingLeft();
  std::vector<std::string> filesIn(const std::string& folder);

  SystemClock clock_;
  std::filesystem::path root_;  // what is mounted

 private:
  testing_support::VolumeBed bed_;
  std::unique_ptr<ContentDir> dir_;

 protected:
  ContentDir& dir() { return *dir_; }
};

// How many children this process has.
int childrenOfThisProcess();

}  // namespace rollcall
