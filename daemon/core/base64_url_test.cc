#include "daemon/core/base64_url.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Base64Url, IsThatOfTheRfc) {
  EXPECT_EQ(base64Url(""), "");
  EXPECT_EQ(base64Url("f"), "Zg");
  EXPECT_EQ(base64Url("fo"), "Zm8");
  EXPECT_EQ(base64Url("foo"), "Zm9v");
  EXPECT_EQ(base64Url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64Url("\xfb\xff\xbf"), "-_-_");
}

}  // namespace
}  // namespace rollcall
