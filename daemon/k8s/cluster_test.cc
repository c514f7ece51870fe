#include "daemon/k8s/cluster.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "daemon/k8s/account_folder.h"

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

class Account : public testing::Test {
 protected:
  Account() { write("token", "first\n"); }
  void write(const std::string& name, const std::string& text) const { account_.write(name, text); }
  void remove(const std::string& name) const {
    std::filesystem::remove(account_.path() + "/" + name);
  }
  Surroundings at(std::string host, std::string port) const {
    return {std::move(host), std::move(port), account_.path()};
  }

  const AccountFolder account_;
};

TEST_F(Account, tellsWhereTheApiIsAndWhoWeAre) {
  const auto cluster = locateCluster(at("10.96.0.1", "6443"), "");
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->url, "https://10.96.0.1:6443");
  EXPECT_EQ(cluster->nameSpace, "blog");
  EXPECT_EQ(cluster->caFile, account_.path() + "/ca.crt");
  EXPECT_EQ(cluster->tokenFile, account_.path() + "/token");
  EXPECT_EQ(locateCluster(at("10.96.0.1", ""), "other")->url, "https://10.96.0.1:443");
  EXPECT_EQ(locateCluster(at("10.96.0.1", ""), "other")->nameSpace, "other");
}

TEST_F(Account, putsIpv6InBrackets) {
  EXPECT_EQ(locateCluster(at("fd00::1", "443"), "")->url, "https://[fd00::1]:443");
}

TEST_F(Account, saysThatThisIsNoCluster) {
  const auto cluster = locateCluster(at("", "443"), "");
  ASSERT_FALSE(cluster);
  EXPECT_EQ(cluster.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(cluster.error().message, HasSubstr("KUBERNETES_SERVICE_HOST is not set"));
}

TEST_F(Account, refusesAnAddressThatIsNone) {
  for (const char* host : {"a b", "e.org/x", "u@e.org"})
    EXPECT_FALSE(locateCluster(at(host, "443"), "")) << host;
  for (const char* port : {"0", "65536", "x", "tcp://10.0.0.1:443"})
    EXPECT_FALSE(locateCluster(at("10.0.0.1", port), "")) << port;
}

TEST_F(Account, saysWhatTheFolderLacks) {
  for (const char* name : {"ca.crt", "token", "namespace"}) {
    const std::string path = account_.path() + "/" + name;
    std::filesystem::rename(path, path + ".away");
    const auto cluster = locateCluster(at("10.0.0.1", "443"), "");
    ASSERT_FALSE(cluster) << name;
    EXPECT_THAT(cluster.error().message, HasSubstr("there is no file " + path));
    std::filesystem::rename(path + ".away", path);
  }
}

TEST_F(Account, neverRepeatsATokenThatIsNone) {
  write("token", "hunter2\nhunter3\n");
  const auto cluster = locateCluster(at("10.0.0.1", "443"), "");
  ASSERT_FALSE(cluster);
  EXPECT_THAT(cluster.error().message, Not(HasSubstr("hunter")));
}

TEST_F(Account, tokenIsReadAgainAfterAMinute) {
  ManualClock clock;
  Token token(clock, account_.path() + "/token");
  EXPECT_EQ(*token.get(), "first");
  write("token", "second");
  clock.advance(59s);
  EXPECT_EQ(*token.get(), "first");
  clock.advance(1s);
  EXPECT_EQ(*token.get(), "second");
}

TEST_F(Account, tokenThatWasRefusedIsReadAgainAtOnce) {
  ManualClock clock;
  Token token(clock, account_.path() + "/token");
  EXPECT_EQ(*token.get(), "first");
  write("token", "second");
  token.doubt();
  EXPECT_EQ(*token.get(), "second");
  remove("token");
  token.doubt();
  EXPECT_THAT(token.get().error().message, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace rollcall::k8s
