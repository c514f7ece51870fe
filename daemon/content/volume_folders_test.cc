#include "daemon/content/volume_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(VolumeFolders, AreNamedInAListEachOnce) {
  EXPECT_THAT(*parseFolders("images"), ElementsAre("images"));
  EXPECT_THAT(*parseFolders(" images,media ,, images,a/b..c/.d,"),
              ElementsAre("images", "media", "a/b..c/.d"));
  EXPECT_THAT(*parseFolders(kGhostFolders),
              ElementsAre("images", "media", "files", "themes", "settings", "data"));
}

TEST(VolumeFolders, StayBelowTheContentFolder) {
  for (const std::string_view list : {"..", ".", "../images", "images/..", "images/../../etc",
                                      "/etc", "images/", "a//b", "./a", "images, ../x"}) {
    const auto folders = parseFolders(list);
    ASSERT_FALSE(folders) << list;
    EXPECT_THAT(folders.error().message, HasSubstr("is no folder below the content folder"));
  }
  EXPECT_FALSE(parseFolders(std::string_view("a\0b", 3)));
}

TEST(VolumeFolders, AreAtLeastOneAndNotTooMany) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "f" + std::to_string(i) + ",";
  for (const std::string& list : {std::string(), std::string(" , "), many})
    EXPECT_THAT(parseFolders(list).error().message, HasSubstr("must name 1 to 32 folders")) << list;
}

}  // namespace
}  // namespace rollcall
