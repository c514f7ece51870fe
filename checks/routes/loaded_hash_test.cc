#include "checks/routes/loaded_hash.h"

#include <gtest/gtest.h>

namespace rollcall::checks::routes {
namespace {

constexpr const char* kDefaults =
    "routes:\n\ncollections:\n  /:\n    permalink: /{slug}/\n    template: index\n\n"
    "taxonomies:\n  tag: /tag/{slug}/\n  author: /author/{slug}/\n";

TEST(LoadedHash, IsGhostsOwnForItsDefaults) {
  EXPECT_EQ(loadedHash(kDefaults), "3d180d52c663d173a6be791ef411ed01");
}

// As Ghost 5.130.6 wrote it into its database.
TEST(LoadedHash, IsGhostsOwnForAFileWithRoutes) {
  EXPECT_EQ(loadedHash("routes:\n"
                       "  /features/:\n    template: index\n"
                       "  /channel/:\n    controller: channel\n    template: index\n"
                       "  /user/:name/:\n    template: index\n"
                       "  /feed.json/:\n    template: index\n    content_type: application/json\n"
                       "collections:\n"
                       "  /blog/:\n    permalink: /blog/{slug}/\n    template: index\n"
                       "taxonomies:\n  tag: /topic/{slug}/\n  author: /author/{slug}/\n"),
            "89cae53306793fa978af68727d2fd63f");
}

TEST(LoadedHash, SeesATemplateAndNotAComment) {
  const std::string text = kDefaults;
  EXPECT_EQ(loadedHash("# mine\n" + text), loadedHash(text));
  std::string other = text;
  other.replace(other.find("index"), 5, "front");
  EXPECT_NE(loadedHash(other), loadedHash(text));
}

TEST(LoadedHash, IsNotToldForWhatIsNotRebuilt) {
  for (const std::string text :
       {"routes:\n  /a/:\n    data: tag.news\n", "routes:\n  /a/: 2020-01-01\n",
        "routes:\n  /é/: a\n", "routes:\n  /a/:\n    limit: 0x10\n", "routes: text\n", "a: [",
        "routes:\n  7: a\n", "routes:\n  /a/:\n    limit: Yes\n    rss: ~x\n"})
    EXPECT_FALSE(loadedHash(text)) << text;
}

}  // namespace
}  // namespace rollcall::checks::routes
