#include "daemon/k8s/kube_pod.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const char* const kRunning = R"({
  "metadata": {"name": "ghost-1", "uid": "u-1", "labels": {"topology.kubernetes.io/zone": "eu-1a"}},
  "spec": {
    "nodeName": "node-a",
    "containers": [
      {"name": "proxy", "image": "envoy:1", "ports": [{"name": "admin", "containerPort": 9901}]},
      {"name": "ghost", "image": "ghost:6.57.0",
       "ports": [{"name": "http", "containerPort": 2368, "protocol": "TCP"}]}],
    "volumes": [{"name": "content", "persistentVolumeClaim": {"claimName": "ghost-content"}},
                {"name": "tmp", "emptyDir": {}}]},
  "status": {
    "phase": "Running", "podIP": "10.1.2.3", "startTime": "2026-01-01T10:00:00Z",
    "conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}],
    "containerStatuses": [
      {"name": "proxy", "restartCount": 0,
       "state": {"running": {"startedAt": "2026-01-01T10:00:02Z"}}},
      {"name": "ghost", "restartCount": 3,
       "state": {"running": {"startedAt": "2026-01-01T11:22:33Z"}}}]}})";

json running() {
  return json::parse(kRunning);
}

TEST(ReadPod, readsARunningPod) {
  const auto pod = readPod(running());
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->name, "ghost-1");
  EXPECT_EQ(pod->uid, "u-1");
  EXPECT_EQ(pod->address, "10.1.2.3");
  EXPECT_EQ(pod->node, "node-a");
  EXPECT_EQ(pod->zone, "eu-1a");
  EXPECT_TRUE(pod->ready);
  EXPECT_FALSE(pod->finished);
  EXPECT_FALSE(pod->terminating);
  EXPECT_EQ(formatTime(*pod->startedAt), "2026-01-01T10:00:00.000Z");
  EXPECT_THAT(pod->claims, ElementsAre("ghost-content"));
  ASSERT_EQ(pod->containers.size(), 2u);
  const Container& ghost = pod->containers[1];
  EXPECT_EQ(ghost.image, "ghost:6.57.0");
  EXPECT_EQ(ghost.restarts, 3u);
  EXPECT_EQ(formatTime(*ghost.startedAt), "2026-01-01T11:22:33.000Z");
}

TEST(ReadPod, knowsPodsThatEndedLeaveOrAreNotReady) {
  json pod = running();
  pod["status"]["phase"] = "Succeeded";
  EXPECT_TRUE(readPod(pod)->finished);
  pod["status"]["phase"] = "Failed";
  EXPECT_TRUE(readPod(pod)->finished);
  pod = running();
  pod["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z";
  EXPECT_TRUE(readPod(pod)->terminating);
  pod = running();
  pod["status"]["conditions"][1]["status"] = "Unknown";
  EXPECT_FALSE(readPod(pod)->ready);
}

TEST(ReadPod, takesAPodThatHasHardlyBegun) {
  const auto pod = readPod(json::parse(
      R"({"metadata": {"name": "a", "uid": "u"}, "spec": {"containers": [{"name": "ghost"}]},
          "status": {"phase": "Pending"}})"));
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->address, "");
  EXPECT_FALSE(pod->ready);
  EXPECT_FALSE(pod->startedAt);
}

TEST(ReadPod, refusesWhatIsNoPod) {
  struct Row {
    const char* patch;
    const char* says;
  };
  const Row rows[] = {{R"({"metadata": {"name": null}})", "proper name"},
                      {R"({"metadata": {"name": "\u001b[2J"}})", "proper name"},
                      {R"({"metadata": {"uid": null}})", "uid"},
                      {R"({"metadata": 7})", "proper name"},
                      {R"({"status": {"podIP": "evil.example"}})", "address"}};
  for (const Row& row : rows) {
    json pod = running();
    pod.merge_patch(json::parse(row.patch));
    const auto read = readPod(pod);
    ASSERT_FALSE(read) << row.patch;
    EXPECT_EQ(read.error().code, ErrorCode::kProtocol);
    EXPECT_THAT(read.error().message, HasSubstr(row.says));
  }
  EXPECT_FALSE(readPod(json(7)));
}

TEST(ReadPod, leavesOutWhatHasAnotherShape) {
  json pod = running();
  pod.merge_patch(json::parse(
      R"({"spec": {"nodeName": ["x"], "volumes": {"a": 1}}, "status": {"containerStatuses": 5}})"));
  const auto read = readPod(pod);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->node, "");
  EXPECT_TRUE(read->claims.empty());
  EXPECT_EQ(read->containers[1].restarts, 0u);
}

KubePod withPorts(std::vector<ContainerPort> ports) {
  KubePod pod;
  pod.name = "ghost-1";
  pod.containers = {{"ghost", "", std::move(ports), {}, 0}};
  return pod;
}

TEST(GhostPort, isFoundByNameThenNumberThenAsTheOnlyOne) {
  struct Row {
    std::vector<ContainerPort> ports;
    const char* wanted;
    int number;  // 0 = not clear
  };
  const Row rows[] = {
      {{}, "", 2368},
      {{{"", 8080}}, "", 8080},
      {{{"metrics", 9100}, {"http", 8080}}, "", 8080},
      {{{"web", 80}, {"ghost", 8080}}, "", 8080},
      {{{"metrics", 9100}, {"x", 2368}}, "", 2368},
      {{{"metrics", 9100}, {"x", 8080}}, "", 0},
      {{{"metrics", 9100}, {"x", 8080}}, "x", 8080},
      {{{"metrics", 9100}, {"http", 8080}}, "x", 0},
      {{{"http", 8080}}, "3000", 3000},
      {{}, "x", 0},
  };
  for (const Row& row : rows) {
    const KubePod pod = withPorts(row.ports);
    const auto port = ghostPort(pod, row.wanted);
    EXPECT_EQ(port ? port->number : 0, row.number) << row.wanted << " " << row.number;
  }
}

TEST(GhostPort, saysWhichPortsThereAre) {
  const KubePod pod = withPorts({{"metrics", 9100}, {"x", 8080}});
  EXPECT_EQ(ghostPort(pod, "").error().message,
            "which port of ghost-1 is Ghost's is not clear (9100 (metrics), 8080 (x)): say so with "
            "--kube-port");
  EXPECT_EQ(ghostPort(pod, "http").error().message,
            "ghost-1 has no port named http; its ports: 9100 (metrics), 8080 (x)");
}

TEST(GhostPort, belongsToTheContainerThatDeclaresIt) {
  const auto pod = readPod(running());
  ASSERT_TRUE(pod);
  EXPECT_EQ(ghostPort(*pod, "")->container->name, "ghost");
  EXPECT_EQ(ghostPort(*pod, "9901")->container->name, "proxy");
  EXPECT_EQ(ghostPort(*pod, "3000")->container->name, "ghost");
}

}  // namespace
}  // namespace rollcall::k8s
