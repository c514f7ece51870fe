// What every ContentDir keeps to: the fake of the unit tests and the real one alike.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "daemon/content/content_dir.h"
#include "tests/support/fake_content_dir.h"

namespace rollcall::testing_support {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kPlenty = 1 << 20;
constexpr WallTime kTime{1'700'000'000'123ms};

enum class Kind { kFake, kReal };

// Two folders with the same in them.
class ContentDirContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "content_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    real_ = makeContentDir(clock_, folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) {
    fake_.write(path, text, kTime);
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path, std::ios::binary) << text;
    const timespec time{1'700'000'000, 123'000'000};
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / path).c_str(), times, 0), 0);
  }
  void makeFolder(const std::string& path) {
    fake_.makeFolder(path);
    std::filesystem::create_directories(folder_ / path);
  }
  void linkToNowhere(const std::string& path) {
    fake_.linkToNowhere(path);
    std::filesystem::create_symlink("nowhere", folder_ / path);
  }
  void remove(const std::string& path) {
    fake_.remove(path);
    std::filesystem::remove(folder_ / path);
  }

  ContentDir& dir() { return GetParam() == Kind::kFake ? fake_ : *real_; }
  Deadline soon() { return Deadline::after(clock_, 10s); }
  Result<std::string> read(std::string_view path, std::size_t maxBytes = kPlenty) {
    return dir().read(path, maxBytes, soon());
  }
  // "kind name size"
  std::vector<std::string> listed(std::string_view path) {
    const auto entries = dir().list(path, soon());
    EXPECT_TRUE(entries) << entries.error().message;
    std::vector<std::string> lines;
    for (const FolderEntry& entry : entries ? *entries : std::vector<FolderEntry>{})
      lines.push_back(nameOf(entry.kind) + " " + entry.name + " " + std::to_string(entry.size));
    return lines;
  }
  ErrorCode refusalToList(std::string_view path) {
    const auto entries = dir().list(path, soon());
    EXPECT_FALSE(entries) << path;
    return entries ? ErrorCode::kUnavailable : entries.error().code;
  }
  ErrorCode refusalToRead(std::string_view path, std::size_t maxBytes = kPlenty) {
    const auto text = read(path, maxBytes);
    EXPECT_FALSE(text) << path;
    return text ? ErrorCode::kUnavailable : text.error().code;
  }

 private:
  static std::string nameOf(EntryKind kind) {
    if (kind == EntryKind::kFile) return "file";
    if (kind == EntryKind::kFolder) return "folder";
    return kind == EntryKind::kDanglingLink ? "dangling" : "other";
  }

  SystemClock clock_;
  std::filesystem::path folder_;
  FakeContentDir fake_;
  std::unique_ptr<ContentDir> real_;
};

TEST_P(ContentDirContract, ReadsAFileAndTellsItsTime) {
  write("settings/routes.yaml", "collections:\n");
  EXPECT_EQ(read("settings/routes.yaml").value(), "collections:\n");
  const auto file = dir().file("settings/routes.yaml", kPlenty, soon());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->text, "collections:\n");
  EXPECT_EQ(file->changed, kTime);
}

TEST_P(ContentDirContract, ReadsAFileOfExactlyTheLimitAndNoLargerOne) {
  write("four", "1234");
  write("empty", "");
  EXPECT_EQ(read("four", 4).value(), "1234");
  EXPECT_EQ(read("empty", 0).value(), "");
  EXPECT_EQ(refusalToRead("four", 3), ErrorCode::kProtocol);
}

TEST_P(ContentDirContract, ReadsWhatIsThereNow) {
  write("data/redirects.json", "[]");
  EXPECT_EQ(read("data/redirects.json").value(), "[]");
  write("data/redirects.json", "[1]");
  EXPECT_EQ(read("data/redirects.json").value(), "[1]");
  remove("data/redirects.json");
  EXPECT_EQ(refusalToRead("data/redirects.json"), ErrorCode::kNotFound);
  EXPECT_THAT(listed("data"), IsEmpty()) << "the folder stays";
}

TEST_P(ContentDirContract, ReadsOnlyFilesThatAreThere) {
  write("themes/file", "x");
  linkToNowhere("themes/broken");
  for (const char* path : {"absent", "themes/absent", "themes/file/below", "themes/broken"})
    EXPECT_EQ(refusalToRead(path), ErrorCode::kNotFound) << path;
  EXPECT_EQ(refusalToRead("themes"), ErrorCode::kProtocol);
}

TEST_P(ContentDirContract, ListsAFoldersOwnEntriesByNameAndSaysWhatEachIs) {
  write("themes/b/index.hbs", "x");
  write("themes/b.txt", "12345");
  makeFolder("themes/a");
  linkToNowhere("themes/c");
  write("themesish", "");
  EXPECT_THAT(listed("themes"),
              ElementsAre("folder a 0", "folder b 0", "file b.txt 5", "dangling c 0"));
  EXPECT_THAT(listed("themes/b"), ElementsAre("file index.hbs 1"));
  EXPECT_THAT(listed("themes/a"), IsEmpty());
}

TEST_P(ContentDirContract, ListsTheContentFolderItself) {
  EXPECT_THAT(listed(""), IsEmpty());
  write("settings/routes.yaml", "x");
  write("file", "12");
  EXPECT_THAT(listed(""), ElementsAre("file file 2", "folder settings 0"));
}

TEST_P(ContentDirContract, ListsOnlyFoldersThatAreThereAndNotTooManyEntries) {
  write("file", "x");
  linkToNowhere("broken");
  EXPECT_EQ(refusalToList("file"), ErrorCode::kProtocol);
  for (const char* path : {"absent", "file/below", "broken"})
    EXPECT_EQ(refusalToList(path), ErrorCode::kNotFound) << path;
  for (std::size_t i = 0; i < ContentDir::kMaxEntries; ++i) write("many/" + std::to_string(i), "");
  EXPECT_EQ(listed("many").size(), ContentDir::kMaxEntries);
  write("many/more", "");
  EXPECT_EQ(refusalToList("many"), ErrorCode::kProtocol);
}

TEST_P(ContentDirContract, RefusesPathsOutsideItsFolder) {
  makeFolder("settings");
  EXPECT_EQ(refusalToRead(""), ErrorCode::kInvalidArgument);
  for (const std::string& path :
       {std::string("/etc"), std::string(".."), std::string("../x"), std::string("settings/.."),
        std::string("settings/../../x"), std::string("a\0b", 3)}) {
    EXPECT_EQ(refusalToRead(path), ErrorCode::kInvalidArgument) << path;
    EXPECT_EQ(refusalToList(path), ErrorCode::kInvalidArgument) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, ContentDirContract, testing::Values(Kind::kFake, Kind::kReal),
                         [](const auto& kind) {
                           return kind.param == Kind::kFake ? "Fake" : "Real";
                         });

}  // namespace
}  // namespace rollcall::testing_support
