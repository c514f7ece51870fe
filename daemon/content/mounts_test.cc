#include "daemon/content/mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

constexpr std::string_view kTable =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n"
    "30 22 0:40 / /var/lib/ghost/content rw,noatime shared:9 master:2 - nfs4 "
    "10.0.0.9:/ghost rw,vers=4.2,hard,acregmin=3\n"
    "31 30 0:40 /images /var/lib/ghost/content/images ro,noatime - nfs4 10.0.0.9:/ghost rw\n"
    "32 22 0:41 / /mnt/with\\040blank rw - tmpfs none rw,size=64k\n"
    "33 32 0:42 / /mnt/with\\040blank rw - fuse.sshfs host: rw\n"
    "broken line\n"
    "x 1 0:1 / /nowhere rw - ext4 /dev/x rw\n";

TEST(Mounts, AreReadFromTheKernelsTable) {
  const auto mounts = parseMounts(kTable);
  ASSERT_EQ(mounts.size(), 5u);
  EXPECT_EQ(mounts[1], (Mount{30, "/var/lib/ghost/content", "nfs4", "10.0.0.9:/ghost", "rw,noatime",
                              "rw,vers=4.2,hard,acregmin=3"}));
  EXPECT_EQ(mounts[3].point, "/mnt/with blank");
  EXPECT_TRUE(parseMounts("").empty());
}

TEST(Mounts, APathIsOnTheNearestOne) {
  const auto mounts = parseMounts(kTable);
  const auto pointOf = [&](std::string_view path) { return mountOf(path, mounts)->id; };
  EXPECT_EQ(pointOf("/etc"), 22u);
  EXPECT_EQ(pointOf("/var/lib/ghost/content"), 30u);
  EXPECT_EQ(pointOf("/var/lib/ghost/content/media"), 30u);
  EXPECT_EQ(pointOf("/var/lib/ghost/content/images/2026"), 31u);
  EXPECT_EQ(pointOf("/var/lib/ghost/content/images-old"), 30u);
  EXPECT_EQ(pointOf("/mnt/with blank/x"), 33u) << "the one on top";
  EXPECT_EQ(mountOf("/etc", {}), nullptr);
}

TEST(Mounts, HaveOptionsWithAndWithoutValues) {
  EXPECT_TRUE(hasOption("rw,vers=4.2,hard", "rw"));
  EXPECT_TRUE(hasOption("rw,vers=4.2,hard", "vers"));
  EXPECT_TRUE(hasOption("ro", "ro"));
  EXPECT_FALSE(hasOption("rw,errors=remount-ro", "ro"));
  EXPECT_FALSE(hasOption("", "ro"));
}

TEST(Mounts, OfThisProcessHaveARoot) {
  const auto mounts = readMounts();
  EXPECT_NE(mountOf("/", mounts), nullptr);
}

}  // namespace
}  // namespace rollcall
