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
    fake_.now = clock_.wall();
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

TEST_P(ContentDirContract, TellsWhatFilesAreLike) {
  write("images/a.png", "12345");
  makeFolder("images/2026");
  linkToNowhere("images/broken");
  const auto facts =
      dir().stat({"images/a.png", "images/2026", "images/broken", "images/absent"}, soon());
  ASSERT_TRUE(facts) << facts.error().message;
  ASSERT_EQ(facts->size(), 4u);
  EXPECT_EQ((*facts)[0].value(), (FileFacts{EntryKind::kFile, 5, kTime}));
  EXPECT_EQ((*facts)[1].value().kind, EntryKind::kFolder);
  EXPECT_EQ((*facts)[2].error().code, ErrorCode::kNotFound);
  EXPECT_EQ((*facts)[3].error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(dir().stat({}, soon()).value().empty());
  EXPECT_EQ(dir().stat({"images/a.png", "../x"}, soon()).error().code, ErrorCode::kInvalidArgument);
}

TEST_P(ContentDirContract, PutsOverwritesAndRemovesACanary) {
  makeFolder("images");
  const std::string path = "images/" + dir().newCanaryName();
  EXPECT_EQ(dir().overwrite(path, "x", soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(dir().remove(path, soon()).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(dir().create(path, "first", soon()));
  EXPECT_EQ(dir().create(path, "x", soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read(path).value(), "first");
  const auto changed = dir().overwrite(path, "second, longer", soon());
  ASSERT_TRUE(changed) << changed.error().message;
  const auto file = dir().file(path, kPlenty, soon());
  EXPECT_EQ(file->text, "second, longer");
  EXPECT_EQ(file->changed, *changed);
  ASSERT_TRUE(dir().remove(path, soon()));
  EXPECT_EQ(refusalToRead(path), ErrorCode::kNotFound);
  EXPECT_EQ(dir().create("absent/" + dir().newCanaryName(), "x", soon()).error().code,
            ErrorCode::kNotFound);
}

TEST_P(ContentDirContract, NeverTwoCanariesHaveTheSameName) {
  EXPECT_NE(dir().newCanaryName(), dir().newCanaryName());
}

TEST_P(ContentDirContract, WritesAndRemovesNothingButCanaries) {
  write("images/photo.png", "x");
  for (const std::string path :
       {"images/photo.png", "images/rollcall-canary-x.txt", "images/rollcall-canary-1-2-3.txt.png",
        "images/.rollcall-probe-1-2-3", "rollcall-canary-1-2-3.txt/photo.png"}) {
    EXPECT_EQ(dir().create(path, "y", soon()).error().code, ErrorCode::kInvalidArgument) << path;
    EXPECT_EQ(dir().overwrite(path, "y", soon()).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(dir().remove(path, soon()).error().code, ErrorCode::kInvalidArgument) << path;
  }
  const std::string outside = "../" + dir().newCanaryName();
  EXPECT_EQ(dir().create(outside, "y", soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read("images/photo.png").value(), "x");
}

TEST_P(ContentDirContract, RemovesWhatWasUploadedThroughAPodByItsNameAndSize) {
  const std::string uploaded = "images/2026/11/rollcall-write-through-1-2-3.ico";
  const std::string changed = "images/2026/11/rollcall-write-through-1-2-4.ico";
  write(uploaded, std::string(kUploadBytes, 'x'));
  write(changed, std::string(kUploadBytes + 1, 'x'));
  EXPECT_EQ(dir().overwrite(uploaded, "y", soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(dir().create(uploaded + "x", "y", soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(dir().remove(changed, soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(dir().remove(uploaded, soon()));
  EXPECT_EQ(dir().remove(uploaded, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(listed("images/2026/11"), ElementsAre("file rollcall-write-through-1-2-4.ico 71"));
}

TEST_P(ContentDirContract, SweepsOldFilesOfItsOwnAndNothingElse) {
  write("images/rollcall-canary-1-2-3.txt", "old, from elsewhere");
  write("images/.rollcall-probe-1-2-3", "old, from elsewhere");
  write("images/rollcall-canary-mine.txt", "a person's");
  write("images/photo.png", "x");
  write("media/rollcall-canary-1-2-3.txt", "in another folder");
  const std::string mine = "images/" + dir().newCanaryName();
  ASSERT_TRUE(dir().create(mine, "in use", soon()));
  EXPECT_EQ(dir().sweep("images", kTime + 14min, soon()).value(), 0u);
  EXPECT_EQ(dir().sweep("images", kTime + 16min, soon()).value(), 2u);
  EXPECT_EQ(read("images/photo.png").value(), "x");
  EXPECT_EQ(read("images/rollcall-canary-mine.txt").value(), "a person's");
  EXPECT_EQ(read(mine).value(), "in use");
  EXPECT_EQ(read("media/rollcall-canary-1-2-3.txt").value(), "in another folder");
  EXPECT_EQ(dir().sweep("absent", kTime, soon()).error().code, ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Folders, ContentDirContract, testing::Values(Kind::kFake, Kind::kReal),
                         [](const auto& kind) {
                           return kind.param == Kind::kFake ? "Fake" : "Real";
                         });

}  // namespace
}  // namespace rollcall::testing_support
