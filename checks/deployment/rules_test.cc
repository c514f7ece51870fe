#include "checks/deployment/rules.h"

#include <gmock/gmock.h>

#include <tuple>

namespace rollcall::checks::deployment {
namespace {
using namespace std::chrono_literals;
using k8s::GhostContainer;
using k8s::Mount;
using k8s::VolumeKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

const k8s::ObjectName kOwner{"Deployment", "ghost"};
const WallTime kNow{std::chrono::seconds(1'767'250'800)};

k8s::WorkloadPod pod(const std::string& name, k8s::ObjectName owner = kOwner) {
  k8s::WorkloadPod one;
  one.pod.name = name;
  one.pod.node = "node-a";
  one.owner = std::move(owner);
  one.ghost.emplace().image = "ghost:6";
  return one;
}
k8s::Controller controller(unsigned replicas) {
  k8s::Controller one;
  one.name = kOwner;
  one.replicas = replicas;
  return one;
}
GhostContainer with(std::vector<Mount> mounts, const std::string& image = "ghost:6") {
  GhostContainer ghost;
  ghost.image = image;
  ghost.mounts = std::move(mounts);
  return ghost;
}
Mount claim(const std::string& path, const std::string& name = "content") {
  return {path, VolumeKind::kClaim, name};
}

TEST(GroupsOf, countsWhatIsWantedRatherThanWhatIsThere) {
  Workload workload;
  workload.pods = {pod("a"), pod("b"), pod("c")};
  workload.pods[0].pod.terminating = true;
  auto groups = groupsOf(workload);
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_THAT(groups[0].pods, SizeIs(2));
  EXPECT_EQ(mostPods(groups), 2u);
  workload.controllers = {controller(1)};
  EXPECT_EQ(mostPods(groupsOf(workload)), 1u);
  workload.autoscalers = {{"hpa", kOwner, 4}};
  EXPECT_EQ(mostPods(groupsOf(workload)), 4u);
  EXPECT_EQ(groupsOf(workload)[0].replicas(), 1u);
  workload.autoscalers = {{"hpa", {"Deployment", "shop"}, 4}};
  EXPECT_EQ(mostPods(groupsOf(workload)), 1u);
}

TEST(GroupsOf, takesNoRolloutForSeveralReplicas) {
  Workload workload;
  workload.pods = {pod("old"), pod("new")};
  workload.pods[0].revision = "1", workload.pods[1].revision = "2";
  EXPECT_EQ(mostPods(groupsOf(workload)), 1u);
}

TEST(GroupsOf, keepsOwnersApartAndForgetsWhoIsGone) {
  Workload workload;
  workload.pods = {pod("a"), pod("b", {}), pod("c", {"Deployment", "green"}), pod("d")};
  workload.pods[3].pod.finished = true;
  const auto groups = groupsOf(workload);
  ASSERT_THAT(groups, SizeIs(3));
  EXPECT_EQ(groups[0].owner, k8s::ObjectName{});
  EXPECT_EQ(groups[1].owner.name, "ghost") << groups[2].owner.name;
}

TEST(Newest, isThePodThatWasMadeLastAndIsKnown) {
  Workload workload;
  workload.pods = {pod("a"), pod("b"), pod("c")};
  workload.pods[0].pod.startedAt = kNow;
  workload.pods[1].pod.startedAt = kNow + 5s;
  workload.pods[2].pod.startedAt = kNow + 9s;
  workload.pods[2].ghost.reset();
  EXPECT_EQ(groupsOf(workload)[0].newest()->pod.name, "b");
  for (auto& one : workload.pods) one.ghost.reset();
  EXPECT_EQ(groupsOf(workload)[0].newest(), nullptr);
}

TEST(Overlaps, isWhenAnUpdateNeedNotWaitForTheOldPodsToGo) {
  struct Row {
    bool rolls;
    unsigned replicas, surge, unavailable;
    bool overlaps;
  };
  const Row rows[] = {{true, 3, 1, 0, true},  {true, 3, 0, 1, true},  {true, 3, 0, 3, false},
                      {true, 1, 1, 0, true},  {true, 1, 0, 1, false}, {true, 0, 1, 0, false},
                      {false, 3, 1, 0, false}};
  for (const Row& row : rows) {
    k8s::Controller one = controller(row.replicas);
    one.rolls = row.rolls, one.surge = row.surge, one.unavailable = row.unavailable;
    EXPECT_EQ(overlaps(one), row.overlaps) << &row - rows;
  }
}

TEST(Content, isLostWhenNothingThatLastsIsMountedThere) {
  struct Row {
    std::vector<Mount> mounts;
    const char* image;
    std::size_t found;
    bool loses;
  };
  const Mount passing{"/var/lib/ghost/content", VolumeKind::kPassing, ""};
  const Mount nfs{"/var/lib/ghost/content", VolumeKind::kOther, ""};
  const Row rows[] = {
      {{claim("/var/lib/ghost/content")}, "ghost:6", 1, false},
      {{claim("/var/lib/ghost")}, "ghost:6", 1, false},
      {{claim("/var/lib/ghost/content/images")}, "ghost:6", 1, false},
      {{claim("/bitnami/ghost")}, "bitnami/ghost:6", 1, false},
      {{nfs}, "ghost:6", 1, false},
      {{}, "ghost:6", 0, true},
      {{passing}, "ghost:6", 0, true},
      {{claim("/var/lib/ghost/contents")}, "ghost:6", 0, true},
      // Elsewhere it may be the content of an image that is not known.
      {{claim("/data")}, "blog:1", 0, false},
      {{}, "blog:1", 0, true},
      {{passing}, "blog:1", 0, true},
  };
  for (const Row& row : rows) {
    const GhostContainer ghost = with(row.mounts, row.image);
    EXPECT_THAT(contentMounts(ghost), SizeIs(row.found)) << &row - rows;
    EXPECT_EQ(losesContent(ghost), row.loses) << &row - rows;
  }
}

TEST(Content, isWhereTheEnvironmentSays) {
  GhostContainer ghost = with({claim("/data/content")}, "blog:1");
  ghost.env["paths__contentPath"] = {"/data/content", ""};
  EXPECT_THAT(contentMounts(ghost), SizeIs(1));
  ghost.env["paths__contentPath"] = {"/elsewhere", ""};
  EXPECT_TRUE(losesContent(ghost));
  ghost.env["paths__contentPath"] = {"", "other variables"};
  EXPECT_THAT(contentMounts(ghost), IsEmpty());
  EXPECT_FALSE(losesContent(ghost));
}

TEST(Content, mayBeKeptByAnAdapterOrElsewhere) {
  GhostContainer ghost = with({});
  ghost.hasAdapter = true;
  EXPECT_FALSE(losesContent(ghost));
  ghost = with({claim("/data")});
  EXPECT_TRUE(losesContent(ghost));
  ghost.hasMoreEnv = true;  // perhaps paths__contentPath
  EXPECT_FALSE(losesContent(ghost));
}

TEST(Content, isNotKnownToBeLostWhereAnAdapterMayBeConfiguredOutOfSight) {
  GhostContainer ghost = with({});
  ghost.hasMoreEnv = true;
  EXPECT_FALSE(losesContent(ghost));
  const Mount mounts[] = {{"/var/lib/ghost/config.production.json", VolumeKind::kFiles, ""},
                          {"/etc/ghost", VolumeKind::kFiles, ""},
                          {"/var/lib/ghost/config.production.json", VolumeKind::kNode, ""},
                          {"/mnt/secrets", VolumeKind::kOther, ""}};  // csi
  for (const Mount& mount : mounts) {
    EXPECT_FALSE(losesContent(with({mount}))) << mount.path;
    EXPECT_FALSE(losesContent(with({mount}, "blog:1"))) << mount.path;
  }
  EXPECT_TRUE(losesContent(
      with({{"/var/run/secrets/kubernetes.io/serviceaccount", VolumeKind::kFiles, ""}})));
}

TEST(OneNodeClaims, areThoseWithContentThatAreNotForMany) {
  Workload workload;
  workload.pods = {pod("a")};
  workload.pods[0].ghost =
      with({claim("/var/lib/ghost/content", "rwo"), claim("/data", "other"),
            claim("/var/lib/ghost/content/media", "rwx"), claim("/var/lib/ghost", "dark")});
  workload.claims = {{"rwo", {"ReadWriteOnce"}},
                     {"other", {"ReadWriteOnce"}},
                     {"rwx", {"ReadWriteMany"}},
                     {"dark", {}}};
  const auto claims = oneNodeClaims(groupsOf(workload), workload.claims);
  ASSERT_THAT(claims, SizeIs(1));
  EXPECT_EQ(claims[0]->name, "rwo");
}

TEST(OwnVolumes, areDifferentClaims) {
  Workload workload;
  workload.pods = {pod("a"), pod("b")};
  const auto mounts = [&](const Mount& a, const Mount& b) {
    workload.pods[0].ghost = with({a});
    workload.pods[1].ghost = with({b});
    return ownVolumes(groupsOf(workload));
  };
  const std::string content = "/var/lib/ghost/content";
  EXPECT_THAT(mounts(claim(content), claim(content)), IsEmpty());
  EXPECT_THAT(mounts(claim(content, "c-0"), claim(content, "c-1")),
              ElementsAre(Pair("a", "the claim c-0"), Pair("b", "the claim c-1")));
  const Mount folder{content, VolumeKind::kNode, ""};
  workload.pods[1].pod.node = "node-b";
  EXPECT_THAT(mounts(folder, folder), IsEmpty()) << "it may be one file server's on both";
  EXPECT_THAT(mounts(claim(content), folder), IsEmpty());
  EXPECT_THAT(mounts(claim(content), {content, VolumeKind::kOther, ""}), IsEmpty());
}

TEST(UsesNodes, isForContentInFoldersOfSeveral) {
  Workload workload;
  workload.pods = {pod("a"), pod("b")};
  for (auto& one : workload.pods)
    one.ghost = with({{"/var/lib/ghost/content", VolumeKind::kNode, ""}});
  EXPECT_FALSE(usesNodes(groupsOf(workload)));
  workload.pods[1].pod.node = "node-b";
  EXPECT_TRUE(usesNodes(groupsOf(workload)));
  workload.pods[1].ghost = with({claim("/var/lib/ghost/content")});
  EXPECT_FALSE(usesNodes(groupsOf(workload)));
}

TEST(Restarts, areManyWhenTheLastIsRecent) {
  struct Row {
    unsigned restarts;
    std::optional<std::chrono::minutes> ago;
    bool often;
  };
  const Row rows[] = {{3, 59min, true}, {3, 61min, false}, {2, 1min, false}, {9, {}, false}};
  for (const Row& row : rows) {
    GhostContainer ghost;
    ghost.restarts = row.restarts;
    ghost.lastEnd.emplace();
    if (row.ago) ghost.lastEnd->at = kNow - *row.ago;
    EXPECT_EQ(restartsOften(ghost, kNow, {3, 1h}), row.often) << &row - rows;
  }
  EXPECT_FALSE(restartsOften({}, kNow, {0, 1h}));
}

TEST(OutOfMemory, isSaidForADay) {
  GhostContainer ghost;
  ghost.lastEnd = k8s::RunEnd{"OOMKilled", 137, kNow - 23h};
  EXPECT_TRUE(ranOutOfMemory(ghost, kNow));
  EXPECT_FALSE(ranOutOfMemory(ghost, kNow + 2h));
  ghost.lastEnd->reason = "Error";
  EXPECT_FALSE(ranOutOfMemory(ghost, kNow));
}

TEST(MoreMemory, isTwiceAsMuchOrAGibibyte) {
  const std::tuple<const char*, const char*> rows[] = {
      {"256Mi", "1Gi"},        {"512Mi", "1Gi"},    {"700Mi", "1400Mi"}, {"1Gi", "2Gi"},
      {"1000M", "1908Mi"},     {"2Ti", "4096Gi"},   {"1.5Gi", "3Gi"},    {"1048576Ki", "2Gi"},
      {"2000000k", "3815Mi"},  {"3e9", "5723Mi"},   {"3E9", "5723Mi"},   {"3e+9", "5723Mi"},
      {"1073741824", "2Gi"},   {"3T", "5722046Mi"}, {".5Gi", "1Gi"},     {"2147483648000m", "4Gi"},
      {"0.001Pi", "2147484Mi"}};
  for (const auto& [limit, more] : rows) EXPECT_EQ(moreMemory(limit), more) << limit;
}

TEST(MoreMemory, namesNoNumberWhereTheLimitIsNotUnderstood) {
  for (const char* limit : {"", "much", "1gi", "2GiB", "1e", "1e9x", "1e99", "3e--2", "-1Gi", "0",
                            "nan", "inf", "Gi", "9Ei", "99999999999999999999", "1 Gi"})
    EXPECT_EQ(moreMemory(limit), std::nullopt) << limit;
}

TEST(ContentFolder, isNamedOnlyWhereItIsKnown) {
  EXPECT_EQ(contentFolder(with({})), "/var/lib/ghost/content");
  for (const char* image : {"bitnami/ghost:6", "docker.io/bitnamilegacy/ghost@sha256:1"})
    EXPECT_EQ(contentFolder(with({}, image)), "/bitnami/ghost") << image;
  for (const char* image : {"blog:1", "notbitnami/ghost:6", "bitnami/ghostly", "bitnami/blog"})
    EXPECT_EQ(contentFolder(with({}, image)), std::nullopt) << image;
  GhostContainer ghost = with({}, "blog:1");
  ghost.env["paths__contentPath"] = {"/data", ""};
  EXPECT_EQ(contentFolder(ghost), "/data");
  ghost.env["paths__contentPath"] = {"", "other variables"};
  EXPECT_EQ(contentFolder(ghost), std::nullopt);
  ghost = with({});
  ghost.hasMoreEnv = true;
  EXPECT_EQ(contentFolder(ghost), std::nullopt);
}

TEST(OnlyNode, isSaidWhereOthersAreToBeSeen) {
  Workload workload;
  workload.pods = {pod("a"), pod("b")};
  EXPECT_FALSE(onlyNode(workload));
  workload.nodes = {"node-a"};
  EXPECT_FALSE(onlyNode(workload)) << "a cluster of one node";
  workload.nodes = {"node-a", "node-b"};
  EXPECT_EQ(onlyNode(workload), "node-a");
  workload.pods[1].pod.node = "node-b";
  EXPECT_FALSE(onlyNode(workload));
  workload.pods.pop_back();
  EXPECT_FALSE(onlyNode(workload)) << "a single pod is on one node";
  workload.pods = {pod("a"), pod("b")};
  for (auto& one : workload.pods) one.pod.node = "";
  EXPECT_FALSE(onlyNode(workload));
}

TEST(OnlyZone, asksWhatElseIsKnownOfThePods) {
  Workload workload;
  workload.pods = {pod("a"), pod("b")};
  workload.zones = {"z-1", "z-2"};
  EXPECT_FALSE(onlyZone(workload, {}));
  EXPECT_EQ(onlyZone(workload, {{"a", "z-1"}, {"b", "z-1"}}), "z-1");
  EXPECT_FALSE(onlyZone(workload, {{"a", "z-1"}, {"b", "z-2"}}));
  EXPECT_FALSE(onlyZone(workload, {{"a", "z-1"}}));
}

TEST(LacksMail, isSaidOnlyWhereNothingCouldConfigureIt) {
  EXPECT_TRUE(lacksMail(with({})));
  for (const char* image : {"docker.io/library/ghost:6", "library/ghost", "ghost@sha256:1"})
    EXPECT_TRUE(lacksMail(with({claim("/var/lib/ghost/content")}, image))) << image;
  for (const char* image : {"blog:1", "bitnami/ghost:6", "example.org/ghost:6", "ghostly:1"})
    EXPECT_FALSE(lacksMail(with({}, image))) << image;
  EXPECT_FALSE(lacksMail(with({{"/etc/config", VolumeKind::kFiles, ""}})));
  EXPECT_FALSE(lacksMail(with({claim("/var/lib/ghost")})));
  EXPECT_TRUE(
      lacksMail(with({{"/var/run/secrets/kubernetes.io/serviceaccount", VolumeKind::kFiles, ""}})));
  GhostContainer ghost = with({});
  ghost.hasMail = true;
  EXPECT_FALSE(lacksMail(ghost));
  ghost = with({});
  ghost.hasMoreEnv = true;
  EXPECT_FALSE(lacksMail(ghost));
}

}  // namespace
}  // namespace rollcall::checks::deployment
