#include "daemon/ghost/admin_token.h"

#include <gtest/gtest.h>

namespace rollcall::ghost {
namespace {

constexpr std::string_view kKey =
    "000102030405060708090a0b:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

TEST(AdminToken, IsTheJsonWebTokenThatGhostExpects) {
  EXPECT_EQ(adminAuthorization(kKey, kNow, Version{6, 65}),
            "Ghost eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjAwMDEwMjAzMDQwNTA2MDcwODA5MG"
            "EwYiJ9.eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDMwMCwiYXVkIjoiL2FkbWluLyJ9.EctZ"
            "m_yJs-OKWlkzDm9428jRfsgzoKejC7tp2oasrcE");
}

TEST(AdminToken, NamesGhost4sApiOnGhost4) {
  EXPECT_NE(adminAuthorization(kKey, kNow, Version{4, 48}),
            adminAuthorization(kKey, kNow, Version{5, 0}));
}

TEST(AdminToken, IsEmptyForWhatIsNoKey) {
  for (const std::string_view bad : {"", "abc", "id:", "id:xyz", "id:abc", "id:0g"})
    EXPECT_EQ(adminAuthorization(bad, kNow, Version{6, 65}), "") << bad;
}

}  // namespace
}  // namespace rollcall::ghost
