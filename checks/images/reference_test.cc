#include "checks/images/reference.h"

#include <gtest/gtest.h>

namespace rollcall::checks::images {
namespace {

Site siteAt(const char* url) {
  Site site;
  site.url = site.admin = *parseUrl(url);
  return site;
}

struct Row {
  const char* site;
  const char* address;
  Place place;
  const char* path = "";
};

class Locating : public testing::TestWithParam<Row> {};

TEST_P(Locating, FindsTheFileAnAddressMeans) {
  const Row& row = GetParam();
  const Located located = locate(row.address, siteAt(row.site));
  EXPECT_EQ(located.place, row.place) << row.address;
  EXPECT_EQ(located.path, row.path) << row.address;
}

constexpr const char* kRoot = "https://e.org";
constexpr const char* kBelow = "https://e.org/blog";
constexpr const char* kPort = "http://e.org:2368";

INSTANTIATE_TEST_SUITE_P(
    WhereverItIs, Locating,
    testing::Values(
        Row{kRoot, "__GHOST_URL__/content/images/2026/01/a.png", Place::kVolume,
            "images/2026/01/a.png"},
        Row{kRoot, "__GHOST_URL__/content/media/2026/01/a.mp4", Place::kVolume,
            "media/2026/01/a.mp4"},
        Row{kRoot, "__GHOST_URL__/content/files/2026/01/a.pdf", Place::kVolume,
            "files/2026/01/a.pdf"},
        Row{kRoot, "/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kRoot, "https://e.org/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kRoot, "HTTP://E.org/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kRoot, "//e.org/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kPort, "http://e.org:2368/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kRoot, " /content/images/a.png\n", Place::kVolume, "images/a.png"},
        Row{kRoot, "/content/images/a.png?v=1#top", Place::kVolume, "images/a.png"},
        Row{kRoot, "/content/images//2026/a.png", Place::kVolume, "images/2026/a.png"},
        Row{kBelow, "__GHOST_URL__/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kBelow, "/blog/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kBelow, "https://e.org/blog/content/images/a.png", Place::kVolume, "images/a.png"},
        Row{kBelow, "/content/images/a.png", Place::kNone},
        Row{kBelow, "/blogs/content/images/a.png", Place::kNone},
        Row{kBelow, "https://e.org/content/images/a.png", Place::kElsewhere}));

INSTANTIATE_TEST_SUITE_P(
    FromItsOriginal, Locating,
    testing::Values(
        Row{kRoot, "/content/images/size/w600/2026/a.png", Place::kVolume, "images/2026/a.png"},
        Row{kRoot, "/content/images/size/w256h256/format/jpeg/2026/a.svg", Place::kVolume,
            "images/2026/a.svg"},
        Row{kRoot, "/content/images/format/webp/a.png", Place::kVolume, "images/format/webp/a.png"},
        Row{kRoot, "/content/media/size/w600/a.mp4", Place::kVolume, "media/size/w600/a.mp4"},
        Row{kRoot, "/content/images/size/w600", Place::kUnusable},
        Row{kRoot, "/content/images/size/w600/", Place::kUnusable}));

INSTANTIATE_TEST_SUITE_P(
    Decoded, Locating,
    testing::Values(
        Row{kRoot, "/content/images/a%20b%C3%BC.png", Place::kVolume, "images/a b\xC3\xBC.png"},
        Row{kRoot, "/content/images/a b\xC3\xBC.png", Place::kVolume, "images/a b\xC3\xBC.png"},
        Row{kRoot, "/content/images/a+b&c'd%22.png", Place::kVolume, "images/a+b&c'd\".png"},
        Row{kRoot, "/content/images/50%25.png", Place::kVolume, "images/50%.png"},
        Row{kRoot, "/content/images/q%3Fx%23y.txt", Place::kVolume, "images/q?x#y.txt"},
        Row{kRoot, "/content/images/100%.png", Place::kUnusable},
        Row{kRoot, "/content/images/a%2", Place::kUnusable}));

INSTANTIATE_TEST_SUITE_P(
    NeverOutOfTheFolder, Locating,
    testing::Values(Row{kRoot, "/content/images/../data/ghost.db", Place::kUnusable},
                    Row{kRoot, "/content/images/%2e%2e/data/ghost.db", Place::kUnusable},
                    Row{kRoot, "/content/images/..%2f..%2fetc/passwd", Place::kUnusable},
                    Row{kRoot, "/content/images/size/../../x/a.png", Place::kUnusable},
                    Row{kRoot, "/content/images/.hidden.png", Place::kUnusable},
                    Row{kRoot, "/content/images/a%00.png", Place::kUnusable},
                    Row{kRoot, "/content/images/a%0a.png", Place::kUnusable},
                    Row{kRoot, "/content/images/a%5Cb.png", Place::kUnusable},
                    Row{kRoot, "/content/images/2026/", Place::kUnusable},
                    Row{kRoot, "/content/images/", Place::kUnusable},
                    Row{kRoot, "/content/data/ghost.db", Place::kNone},
                    Row{kRoot, "/content/themes/casper/a.css", Place::kNone}));

INSTANTIATE_TEST_SUITE_P(
    NotOfTheVolume, Locating,
    testing::Values(Row{kRoot, "https://cdn.example/content/images/a.png", Place::kElsewhere},
                    Row{kRoot, "//cdn.example/a.png", Place::kElsewhere},
                    Row{kRoot, "https://e.org.evil.example/content/images/a.png",
                        Place::kElsewhere},
                    Row{kRoot, "https://images.unsplash.com/photo?w=2000", Place::kElsewhere},
                    Row{kRoot, "ftp://e.org/content/images/a.png", Place::kNone},
                    Row{kRoot, "data:image/png;base64,/content/images/", Place::kNone},
                    Row{kRoot, "content/images/a.png", Place::kNone},
                    Row{kRoot, "/about/", Place::kNone}, Row{kRoot, "#/portal/", Place::kNone},
                    Row{kRoot, "icon-1", Place::kNone}, Row{kRoot, "", Place::kNone},
                    Row{kRoot, "__GHOST_URL__", Place::kNone}));

TEST(Locating, LeavesOutWhatNoFileSystemHolds) {
  const Site site = siteAt(kRoot);
  const std::string name(256, 'x');
  EXPECT_EQ(locate("/content/images/" + name, site).place, Place::kUnusable);
  std::string deep = "/content/images";
  for (int i = 0; i < 300; ++i) deep += "/d";
  EXPECT_EQ(locate(deep, site).place, Place::kUnusable);
}

TEST(RequestPath, IsEncodedSoThatThePodDecodesTheVeryName) {
  const Site site = siteAt(kRoot);
  for (const char* path : {"images/2026/a.png", "images/a b\xC3\xBC'\"%41+&.png", "files/q?x#y"}) {
    const std::string asked = requestPath(path);
    EXPECT_EQ(asked.find_first_of(" ?#'\"&+"), std::string::npos) << asked;
    EXPECT_EQ(locate(asked, site).path, path);
  }
  EXPECT_EQ(requestPath("images/a b%.png"), "/content/images/a%20b%25.png");
}

}  // namespace
}  // namespace rollcall::checks::images
