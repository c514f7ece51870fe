#include "tests/component/volume/volume_test.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

namespace rollcall {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

bool VolumeTest::mount(const std::string& kind, const std::string& options) {
  std::vector<std::string> words = {"make", "volume", kind};
  if (!options.empty()) words.push_back(options);
  root_ = bed_.ask(words);
  if (!why().empty()) return false;
  for (const char* name : {"images", "themes"}) std::filesystem::create_directory(root_ / name);
  // What breaks a file system takes what is not on its disk.
  const int root = ::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ::syncfs(root);
  ::close(root);
  dir_ = makeContentDir(clock_, root_);
  return true;
}

bool VolumeTest::tell(const std::vector<std::string>& words) {
  bed_.ask(words);
  return why().empty();
}

MountLook VolumeTest::probe(Duration patience, Duration limit) {
  auto looks = dir_->probe({.folders = {"images", "themes"}, .patience = patience},
                           Deadline::after(clock_, limit), {});
  EXPECT_THAT(looks, SizeIs(1));
  return looks.empty() ? MountLook{} : looks.front();
}

MountLook VolumeTest::probeUntilItAnswers() {
  const Deadline deadline = Deadline::after(clock_, 30s);
  MountLook look = probe();
  while (look.hungSince && !deadline.passed(clock_)) look = probe();
  EXPECT_FALSE(look.hungSince);
  return look;
}

void VolumeTest::expectWell(const MountLook& look) {
  EXPECT_FALSE(look.error);
  EXPECT_FALSE(look.hungSince);
  EXPECT_FALSE(look.unkillable);
  for (const FolderLook& folder : look.folders) {
    EXPECT_TRUE(folder.begun);
    EXPECT_EQ(name(folder.step), "done") << folder.folder;
    EXPECT_EQ(folder.error, 0);
  }
}

std::vector<std::string> VolumeTest::filesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(root_ / folder))
    names.push_back(entry.path().filename());
  return names;
}

void VolumeTest::expectNothingLeft() {
  EXPECT_THAT(filesIn("images"), IsEmpty());
  EXPECT_THAT(filesIn("themes"), IsEmpty());
}

int childrenOfThisProcess() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t name = line.rfind(')');
    if (name == std::string::npos || name + 4 > line.size()) continue;
    // ... (name) STATE PARENT ...
    if (std::atoi(line.c_str() + name + 4) == ::getpid()) ++count;
  }
  return count;
}

}  // namespace rollcall
