#include "daemon/content/content_dir.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "daemon/content/content_dir_calls.h"
#include "daemon/content/own_files.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::size_t kPlenty = 1 << 20;

class ContentDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "content_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::create_directories(folder_ / "settings");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) {
    std::ofstream(folder_ / path, std::ios::binary) << text;
  }
  Deadline in(Duration duration) { return Deadline::after(clock_, duration); }

  SystemClock clock_;
  std::filesystem::path folder_;
};

int hang(const char*, int) {
  while (true) ::pause();
}
void killIt(pid_t child) {
  ::kill(child, SIGKILL);
}
// As on a volume whose server is gone: the child does not end.
void killInVain(pid_t) {}

TEST_F(ContentDirTest, KnowsItsPathWithoutASlashAtItsEnd) {
  EXPECT_EQ(makeContentDir(clock_, folder_.string() + "/")->path(), folder_);
  EXPECT_EQ(makeContentDir(clock_, "/")->path(), "/");
}

TEST_F(ContentDirTest, ReadsAFile) {
  write("settings/routes.yaml", "collections:\n  /:\n");
  auto dir = makeContentDir(clock_, folder_);
  const auto content = dir->read("settings/routes.yaml", kPlenty, in(std::chrono::seconds(10)));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(*content, "collections:\n  /:\n");
}

TEST_F(ContentDirTest, TellsWhenAFileWasChanged) {
  write("file", "x");
  const WallTime when{milliseconds(1'700'000'000'123)};
  const timespec times[2] = {{1'700'000'000, 123'000'000}, {1'700'000'000, 123'000'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / "file").c_str(), times, 0), 0);
  auto dir = makeContentDir(clock_, folder_);
  const auto file = dir->file("file", kPlenty, in(std::chrono::seconds(10)));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->text, "x");
  EXPECT_EQ(file->changed, when);
}

TEST_F(ContentDirTest, ListsAFolderAndSaysWhatEachEntryIs) {
  std::filesystem::create_directories(folder_ / "themes" / "source");
  write("themes/file", "12345");
  std::filesystem::create_symlink("source", folder_ / "themes" / "alias");
  std::filesystem::create_symlink("../nowhere", folder_ / "themes" / "broken");
  ASSERT_EQ(::mkfifo((folder_ / "themes" / "pipe").c_str(), 0600), 0);
  auto dir = makeContentDir(clock_, folder_);
  const auto entries = dir->list("themes", in(std::chrono::seconds(10)));
  ASSERT_TRUE(entries) << entries.error().message;
  std::vector<std::pair<std::string, EntryKind>> seen;
  for (const FolderEntry& entry : *entries) seen.emplace_back(entry.name, entry.kind);
  EXPECT_THAT(seen, ::testing::ElementsAre(std::pair("alias", EntryKind::kFolder),
                                           std::pair("broken", EntryKind::kDanglingLink),
                                           std::pair("file", EntryKind::kFile),
                                           std::pair("pipe", EntryKind::kOther),
                                           std::pair("source", EntryKind::kFolder)));
  EXPECT_EQ((*entries)[2].size, 5u);
}

TEST_F(ContentDirTest, ALinkThatCannotBeFollowedIsNotOneToNowhere) {
  write("file", "");
  std::filesystem::create_symlink("nowhere", folder_ / "settings" / "absent");
  std::filesystem::create_symlink("../file/below", folder_ / "settings" / "below_a_file");
  std::filesystem::create_symlink("loop", folder_ / "settings" / "loop");
  std::filesystem::create_symlink(std::string(300, 'x'), folder_ / "settings" / "refused");
  auto dir = makeContentDir(clock_, folder_);
  const auto entries = dir->list("settings", in(std::chrono::seconds(10)));
  ASSERT_TRUE(entries) << entries.error().message;
  std::vector<std::pair<std::string, EntryKind>> seen;
  for (const FolderEntry& entry : *entries) seen.emplace_back(entry.name, entry.kind);
  EXPECT_THAT(seen, ::testing::ElementsAre(std::pair("absent", EntryKind::kDanglingLink),
                                           std::pair("below_a_file", EntryKind::kDanglingLink),
                                           std::pair("loop", EntryKind::kDanglingLink),
                                           std::pair("refused", EntryKind::kUnknown)));
}

TEST_F(ContentDirTest, ListsOnlyFoldersAndNotTooManyEntries) {
  write("file", "x");
  auto dir = makeContentDir(clock_, folder_);
  EXPECT_EQ(dir->list("file", in(std::chrono::seconds(10))).error().code, ErrorCode::kProtocol);
  EXPECT_EQ(dir->list("absent", in(std::chrono::seconds(10))).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(dir->list("../etc", in(std::chrono::seconds(10))).error().code,
            ErrorCode::kInvalidArgument);
  for (std::size_t i = 0; i <= ContentDir::kMaxEntries; ++i)
    write("settings/" + std::to_string(i), "");
  EXPECT_EQ(dir->list("settings", in(std::chrono::seconds(10))).error().code, ErrorCode::kProtocol);
}

TEST_F(ContentDirTest, AListingThatHangsIsGivenUp) {
  auto dir = makeContentDir(clock_, folder_, {hang, killIt});
  EXPECT_EQ(dir->list("settings", in(milliseconds(50))).error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(ContentDirTest, ReadsMoreThanAPipeHolds) {
  std::string large(900'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 7) large[i] = static_cast<char>(i);
  write("large", large);
  auto dir = makeContentDir(clock_, folder_);
  EXPECT_EQ(dir->read("large", kPlenty, in(std::chrono::seconds(10))).value(), large);
}

TEST_F(ContentDirTest, ReadsAnEmptyFileAndOneOfExactlyTheLimit) {
  write("empty", "");
  write("four", "1234");
  auto dir = makeContentDir(clock_, folder_);
  EXPECT_EQ(dir->read("empty", 0, in(std::chrono::seconds(10))).value(), "");
  EXPECT_EQ(dir->read("four", 4, in(std::chrono::seconds(10))).value(), "1234");
}

TEST_F(ContentDirTest, FollowsSymbolicLinks) {
  write("target", "through a link");
  std::filesystem::create_symlink("../target", folder_ / "settings/link");
  auto dir = makeContentDir(clock_, folder_);
  EXPECT_EQ(dir->read("settings/link", kPlenty, in(std::chrono::seconds(10))).value(),
            "through a link");
}

TEST_F(ContentDirTest, SaysWhyAFileCannotBeRead) {
  write("large", std::string(5000, 'x'));
  write("file", "x");
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  struct Row {
    std::string path;
    ErrorCode code;
    const char* sentence;
  };
  auto dir = makeContentDir(clock_, folder_);
  for (const Row& row : {
           Row{"settings/routes.yaml", ErrorCode::kNotFound, "No such file"},
           Row{"file/below", ErrorCode::kNotFound, "Not a directory"},
           Row{"large", ErrorCode::kProtocol, "is larger than 4999 bytes"},
           Row{"settings", ErrorCode::kProtocol, "is no regular file"},
           Row{"fifo", ErrorCode::kProtocol, "is no regular file"},
           Row{std::string(300, 'n'), ErrorCode::kInvalidArgument, "File name too long"},
       }) {
    const auto content = dir->read(row.path, 4999, in(std::chrono::seconds(10)));
    ASSERT_FALSE(content) << row.path;
    EXPECT_EQ(content.error().code, row.code) << content.error().message;
    EXPECT_THAT(content.error().message, HasSubstr(row.sentence));
  }
}

TEST_F(ContentDirTest, RefusesPathsOutsideItsFolder) {
  auto dir = makeContentDir(clock_, folder_);
  for (const std::string& path :
       {std::string(), std::string("/etc/passwd"), std::string(".."), std::string("../x"),
        std::string("settings/../../x"), std::string("settings/.."), std::string("a\0b", 3)}) {
    const auto content = dir->read(path, kPlenty, in(std::chrono::seconds(10)));
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(ContentDirTest, EndsByTheDeadlineWhenTheVolumeHangsAndWorksAgainAfterwards) {
  write("file", "x");
  auto dir = makeContentDir(clock_, folder_, {hang, killIt});
  for (int i = 0; i < 2; ++i) {
    const MonoTime began = clock_.mono();
    const auto content = dir->read("file", kPlenty, in(milliseconds(100)));
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_LT(clock_.mono() - began, std::chrono::seconds(5));
  }
}

TEST_F(ContentDirTest, StartsNoSecondChildWhileOneCannotBeEnded) {
  write("file", "x");
  auto dir = makeContentDir(clock_, folder_, {hang, killInVain});
  EXPECT_EQ(dir->read("file", kPlenty, in(milliseconds(100))).error().code,
            ErrorCode::kDeadlineExceeded);
  const MonoTime began = clock_.mono();
  const auto again = dir->read("file", kPlenty, in(std::chrono::seconds(60)));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(again.error().message, HasSubstr("hangs since 20"));
  EXPECT_LT(clock_.mono() - began, std::chrono::seconds(5));
}

TEST_F(ContentDirTest, RecoversWhenTheHangingChildIsGone) {
  write("file", "x");
  // Hangs for as long as the first child lives; that child is known by being the only one.
  static pid_t hanging;
  hanging = 0;
  const auto remember = [](pid_t child) { hanging = child; };
  const auto hangFirst = [](const char* path, int flags) {
    while (hanging == 0) ::pause();
    return ::open(path, flags);
  };
  auto dir = makeContentDir(clock_, folder_, {hangFirst, remember});
  ASSERT_FALSE(dir->read("file", kPlenty, in(milliseconds(100))));
  ASSERT_NE(hanging, 0);
  ::kill(hanging, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(hanging), &info, WEXITED | WNOWAIT), 0);
  const auto content = dir->read("file", kPlenty, in(std::chrono::seconds(10)));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(*content, "x");
}

TEST_F(ContentDirTest, DoesNotTakeWhatAKilledChildSentForTheFile) {
  write("large", std::string(500'000, 'x'));
  auto dir = makeContentDir(clock_, folder_,
                            {[](const char*, int) -> int {
                               ::raise(SIGKILL);
                               return -1;
                             },
                             killIt});
  const auto content = dir->read("large", kPlenty, in(std::chrono::seconds(10)));
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(content.error().message, HasSubstr("signal 9"));
}

TEST_F(ContentDirTest, AHangingChildHoldsNoDescriptorOfOurs) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  write("file", "x");
  auto dir = makeContentDir(clock_, folder_, {hang, killInVain});
  ASSERT_FALSE(dir->read("file", kPlenty, in(milliseconds(200))));
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "the child still holds the other end";
  ::close(ends[0]);
}

TEST_F(ContentDirTest, ServesManyThreads) {
  for (int i = 0; i < 8; ++i) write("file" + std::to_string(i), std::to_string(i));
  auto dir = makeContentDir(clock_, folder_);
  std::vector<std::jthread> readers;
  std::vector<std::string> contents(8);
  for (std::size_t i = 0; i < contents.size(); ++i)
    readers.emplace_back([&, i] {
      const auto content =
          dir->read("file" + std::to_string(i), kPlenty, in(std::chrono::seconds(30)));
      if (content) contents[i] = *content;
    });
  readers.clear();
  for (std::size_t i = 0; i < contents.size(); ++i) EXPECT_EQ(contents[i], std::to_string(i));
}

}  // namespace
}  // namespace rollcall
