#include "daemon/content/known_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kDownload = "/ghost/api/admin/settings/routes/yaml/";

class KnownRoutesTest : public testing::Test {
 protected:
  KnownRoutes read() {
    auto known = readKnownRoutes({.topology = topology_,
                                  .site = site_,
                                  .clock = clock_,
                                  .pods = pods_,
                                  .dir = useDir_ ? &dir_ : nullptr,
                                  .adminKey = adminKey_,
                                  .deadline = Deadline::after(clock_, 1h)});
    EXPECT_TRUE(known);
    return known ? *known : KnownRoutes{};
  }
  void expectUnknown(const std::string& why) {
    const KnownRoutes known = read();
    EXPECT_EQ(known.trust, Trust::kAssumed);
    ASSERT_TRUE(known.gap);
    EXPECT_THAT(known.gap->why.message, HasSubstr(why));
  }

  ManualClock clock_;
  Topology topology_;
  Site site_;
  testing_support::FakePodClient pods_;
  testing_support::FakeContentDir dir_;
  bool useDir_ = true;
  std::string adminKey_;
};

TEST_F(KnownRoutesTest, AreWhatTheFileSays) {
  dir_.write("settings/routes.yaml", "collections: {/blog/: {permalink: '/blog/{slug}/'}}");
  const KnownRoutes known = read();
  EXPECT_EQ(known.trust, Trust::kKnown);
  EXPECT_FALSE(known.gap);
  ASSERT_EQ(known.routes.collections.size(), 1u);
  EXPECT_EQ(known.routes.collections[0].permalink, "/blog/{slug}/");
}

TEST_F(KnownRoutesTest, AreTheDefaultsWhereGhostHasAFolderForTheFileAndNoFile) {
  dir_.makeFolder("settings");
  const KnownRoutes known = read();
  EXPECT_EQ(known.trust, Trust::kKnown);
  EXPECT_FALSE(known.gap);
}

TEST_F(KnownRoutesTest, AreNotKnownFromAFolderThatIsNotGhosts) {
  expectUnknown("there is no folder settings");
}

TEST_F(KnownRoutesTest, AreNotKnownFromAPartOfTheContentFolder) {
  dir_.makeFolder("themes/source");
  expectUnknown("there is no folder settings");
}

TEST_F(KnownRoutesTest, AreNotKnownWhereTheFoldersVolumeIsNotMounted) {
  dir_.linkToNowhere("settings");
  expectUnknown("there is no folder settings");
}

TEST_F(KnownRoutesTest, AreNotKnownWhereTheVolumeHangs) {
  dir_.error = Error{ErrorCode::kDeadlineExceeded, "the volume hangs"};
  expectUnknown("hangs");
}

TEST_F(KnownRoutesTest, AreNotKnownFromAPodThatDoesNotHandThemOutAndItsWordsAreTold) {
  useDir_ = false;
  adminKey_ = "0123456789abcdef01234567:" + std::string(64, 'a');
  topology_.pods = {{.name = "a"}};
  pods_.answer("a", kDownload, 403, R"({"errors":[{"message":"no such right"}]})",
               {{"content-type", "application/json"}});
  expectUnknown("it answers 403 \"no such right\"");
  pods_.answer("a", kDownload, 503);
  expectUnknown("it boots or migrates");
}

}  // namespace
}  // namespace rollcall
