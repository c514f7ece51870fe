#include "daemon/k8s/workload_objects.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const char* const kPod = R"({
  "metadata": {"name": "ghost-7d9f-abc", "uid": "u-1",
    "labels": {"pod-template-hash": "7d9f"},
    "ownerReferences": [{"kind": "ReplicaSet", "name": "ghost-7d9f", "controller": true}]},
  "spec": {
    "nodeName": "node-a",
    "containers": [
      {"name": "proxy", "image": "envoy:1"},
      {"name": "ghost", "image": "ghost:6.57.0",
       "ports": [{"name": "http", "containerPort": 2368}],
       "resources": {"limits": {"memory": "512Mi"}},
       "readinessProbe": {"httpGet": {"path": "/", "port": "http", "httpHeaders": [
          {"name": "x-forwarded-PROTO", "value": "https"}]}, "periodSeconds": 5},
       "livenessProbe": {"tcpSocket": {"port": 2368}, "initialDelaySeconds": 30,
                         "failureThreshold": 6},
       "startupProbe": {"exec": {"command": ["true"]}},
       "volumeMounts": [{"name": "content", "mountPath": "/var/lib/ghost/content/"},
                        {"name": "tmp", "mountPath": "/tmp"},
                        {"name": "nowhere", "mountPath": "/x"}],
       "env": [
         {"name": "url", "value": "https://Example.org/"},
         {"name": "database__connection__host", "value": "MySQL.blog.svc"},
         {"name": "database__connection__user",
          "valueFrom": {"secretKeyRef": {"name": "db", "key": "user"}}},
         {"name": "database__connection__password", "value": "s3cret-one"},
         {"name": "mail__options__auth__pass", "value": "s3cret-two"},
         {"name": "STRIPE_KEY", "value": "s3cret-three"}]}],
    "volumes": [{"name": "content", "persistentVolumeClaim": {"claimName": "ghost-content"}},
                {"name": "tmp", "emptyDir": {}}]},
  "status": {
    "phase": "Running", "podIP": "10.1.2.3", "startTime": "2026-01-01T10:00:00Z",
    "containerStatuses": [
      {"name": "ghost", "restartCount": 3,
       "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137,
                                    "finishedAt": "2026-01-01T11:22:33Z"}},
       "state": {"running": {"startedAt": "2026-01-01T11:22:35Z"}}}]}})";

json pod() {
  return json::parse(kPod);
}
json& ghostOf(json& object) {
  return object["spec"]["containers"][1];
}
GhostContainer readGhost(const json& object) {
  const auto read = readWorkloadPod(object, "");
  EXPECT_TRUE(read) << read.error().message;
  return read && read->ghost ? *read->ghost : GhostContainer{};
}
EnvValue variable(const char* name, const json& rest) {
  json object = pod();
  json one = rest;
  one["name"] = name;
  ghostOf(object)["env"] = json::array({one});
  const GhostContainer ghost = readGhost(object);
  const auto found = ghost.env.find(name);
  return found == ghost.env.end() ? EnvValue{"absent", "absent"} : found->second;
}

TEST(ReadWorkloadPod, readsHowGhostsContainerIsRun) {
  const auto read = readWorkloadPod(pod(), "");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->owner, (ObjectName{"Deployment", "ghost"}));
  EXPECT_EQ(read->revision, "7d9f");
  const GhostContainer& ghost = *read->ghost;
  EXPECT_EQ(ghost.name, "ghost");
  EXPECT_EQ(ghost.port, 2368);
  EXPECT_EQ(ghost.restarts, 3u);
  EXPECT_EQ(ghost.lastEnd->reason, "OOMKilled");
  EXPECT_EQ(ghost.lastEnd->exitCode, 137);
  EXPECT_EQ(formatTime(*ghost.lastEnd->at), "2026-01-01T11:22:33.000Z");
  EXPECT_EQ(ghost.memoryLimit, "512Mi");
  EXPECT_EQ(ghost.readiness->kind, ProbeKind::kHttp);
  EXPECT_EQ(ghost.readiness->path, "/");
  EXPECT_TRUE(ghost.readiness->saysHttps);
  EXPECT_EQ(ghost.readiness->patience(), 15s);
  EXPECT_EQ(ghost.liveness->kind, ProbeKind::kTcp);
  EXPECT_EQ(ghost.liveness->patience(), 90s);
  EXPECT_EQ(ghost.startup->kind, ProbeKind::kOther);
  ASSERT_EQ(ghost.mounts.size(), 2u);
  EXPECT_EQ(ghost.mounts[0].path, "/var/lib/ghost/content");
  EXPECT_EQ(ghost.mounts[0].kind, VolumeKind::kClaim);
  EXPECT_EQ(ghost.mounts[0].claim, "ghost-content");
  EXPECT_EQ(ghost.mounts[1].kind, VolumeKind::kPassing);
  EXPECT_TRUE(ghost.hasMail);
  EXPECT_FALSE(ghost.hasMoreEnv);
  EXPECT_FALSE(ghost.hasAdapter);
}

TEST(ReadWorkloadPod, keepsNoVariableButTheFewThatHoldNoSecret) {
  const GhostContainer ghost = readGhost(pod());
  EXPECT_THAT(
      ghost.env,
      ElementsAre(Pair("database__connection__host", EnvValue{"mysql.blog.svc", ""}),
                  Pair("database__connection__user", EnvValue{"", "the key user of the Secret db"}),
                  Pair("url", EnvValue{"https://example.org", ""})));
}

TEST(ReadWorkloadPod, keepsOfThoseOnlyWhatSuchAVariableHolds) {
  struct Row {
    const char* name;
    json variable;
    EnvValue read;
  };
  const EnvValue improper{"", "a value that is no proper one"};
  const Row rows[] = {
      {"url", {{"value", "https://me:s3cret@example.org"}}, improper},
      {"url", {{"value", "\x1b[2J"}}, improper},
      {"url", {{"value", 7}}, improper},
      {"url", {{"value", "https://$(HOST)"}}, {"", "other variables"}},
      {"url",
       {{"valueFrom", {{"configMapKeyRef", {{"name", "ghost"}, {"key", "url"}}}}}},
       {"", "the key url of the ConfigMap ghost"}},
      {"url", {{"valueFrom", {{"fieldRef", {{"fieldPath", "x"}}}}}}, {"", "a field of the pod"}},
      {"database__connection__host", {{"value", "me:s3cret@db"}}, improper},
      {"database__connection__port", {{"value", "3306"}}, {"3306", ""}},
      {"database__connection__port", {{"value", "a port of some length"}}, improper},
      {"database__connection__port", {{"value", "pa55"}}, improper},
      {"database__connection__database", {{"value", "ghost; x"}}, improper},
      {"paths__contentPath", {{"value", "/content"}}, {"/content", ""}},
      {"paths__contentPath", {{"value", "content"}}, improper},
      {"GHOST_DATABASE_NAME", {{"value", "ghost"}}, {"ghost", ""}},
      {"GHOST_DATABASE_PASSWORD", {{"value", "s3cret"}}, {"absent", "absent"}},
  };
  for (const Row& row : rows)
    EXPECT_EQ(variable(row.name, row.variable), row.read) << row.name << row.variable;
}

TEST(ReadWorkloadPod, knowsThatThereIsMoreThanItSees) {
  json object = pod();
  ghostOf(object)["envFrom"] = json::parse(R"([{"secretRef": {"name": "all"}}])");
  ghostOf(object)["env"] = json::parse(
      R"([{"name": "storage__active", "value": "s3"}, {"name": "url", "value": "https://a.org"},
          {"name": "url", "value": "https://b.org"}])");
  const GhostContainer ghost = readGhost(object);
  EXPECT_TRUE(ghost.hasMoreEnv);
  EXPECT_TRUE(ghost.hasAdapter);
  EXPECT_FALSE(ghost.hasMail);
  EXPECT_EQ(ghost.env.at("url").value, "https://b.org");
}

TEST(ReadWorkloadPod, namesTheOwner) {
  struct Row {
    const char* metadata;
    const char* owner;
  };
  const Row rows[] = {
      {R"({"ownerReferences": [{"kind": "StatefulSet", "name": "ghost", "controller": true}]})",
       "StatefulSet ghost"},
      // A ReplicaSet of nobody's, and one whose Deployment has a dash in its name.
      {R"({"labels": {"pod-template-hash": null}})", "ReplicaSet ghost-7d9f"},
      {R"({"ownerReferences": [{"kind": "ReplicaSet", "name": "my-blog-7d9f", "controller": true}]})",
       "Deployment my-blog"},
      {R"({"ownerReferences": [{"kind": "ReplicaSet", "name": "ghost-7d9f"}]})", " "},
      {R"({"ownerReferences": [{"kind": "Rm -rf", "name": "x", "controller": true}]})", " "},
      {R"({"ownerReferences": [{"kind": "Job", "name": "x;y", "controller": true}]})", " "},
      {R"({"ownerReferences": 5})", " "}};
  for (const Row& row : rows) {
    json object = pod();
    object["metadata"].merge_patch(json::parse(row.metadata));
    EXPECT_EQ(readWorkloadPod(object, "")->owner.text(), row.owner) << row.metadata;
  }
}

TEST(ReadWorkloadPod, aProbeOfAnotherPortOrHostThanGhostsAsksSomethingElse) {
  struct Row {
    const char* probe;
    ProbeKind kind;
  };
  const Row rows[] = {
      {R"({"httpGet": {"path": "/", "port": "http"}})", ProbeKind::kHttp},
      {R"({"httpGet": {"path": "/", "port": 2368}})", ProbeKind::kHttp},
      {R"({"tcpSocket": {"port": "http"}})", ProbeKind::kTcp},
      // As Istio rewrites it.
      {R"({"httpGet": {"path": "/app-health/ghost/livez", "port": 15020}})", ProbeKind::kOther},
      {R"({"httpGet": {"path": "/", "port": "metrics"}})", ProbeKind::kOther},
      {R"({"httpGet": {"path": "/", "port": "admin"}})", ProbeKind::kOther},
      {R"({"httpGet": {"path": "/", "port": 2368, "host": "example.org"}})", ProbeKind::kOther},
      {R"({"httpGet": {"path": "/"}})", ProbeKind::kOther},
      {R"({"httpGet": {"path": "/", "port": [2368]}})", ProbeKind::kOther},
      {R"({"tcpSocket": {"port": 15020}})", ProbeKind::kOther},
      {R"({"tcpSocket": {"port": "metrics"}})", ProbeKind::kOther},
      {R"({"tcpSocket": 2368})", ProbeKind::kOther},
  };
  for (const Row& row : rows) {
    json object = pod();
    ghostOf(object)["ports"].push_back({{"name", "metrics"}, {"containerPort", 9000}});
    ghostOf(object)["livenessProbe"] = json::parse(row.probe);
    EXPECT_EQ(readGhost(object).liveness->kind, row.kind) << row.probe;
  }
}

TEST(ReadWorkloadPod, leavesOutWhatHasAnotherShape) {
  json object = pod();
  ghostOf(object).merge_patch(json::parse(
      R"({"env": {"url": 1}, "volumeMounts": 5, "readinessProbe": [1], "resources": "much",
          "livenessProbe": {"httpGet": {"path": "no\u0000slash", "port": 2368},
                            "periodSeconds": -4}})"));
  object["status"]["containerStatuses"] = 7;
  const GhostContainer ghost = readGhost(object);
  EXPECT_THAT(ghost.env, IsEmpty());
  EXPECT_THAT(ghost.mounts, IsEmpty());
  EXPECT_FALSE(ghost.readiness);
  EXPECT_EQ(ghost.memoryLimit, "");
  EXPECT_EQ(ghost.liveness->path, "/");
  EXPECT_EQ(ghost.liveness->period, 10s);
  EXPECT_FALSE(ghost.lastEnd);
}

TEST(ReadWorkloadPod, saysNothingOfAContainerThatIsNotClearlyGhosts) {
  json object = pod();
  ghostOf(object)["ports"] =
      json::parse(R"([{"name": "a", "containerPort": 1}, {"name": "b", "containerPort": 2}])");
  EXPECT_FALSE(readWorkloadPod(object, "")->ghost);
  object = pod();
  ghostOf(object)["name"] = "gh'ost\"";
  EXPECT_FALSE(readWorkloadPod(object, "")->ghost);
  EXPECT_FALSE(readWorkloadPod(json(7), ""));
}

TEST(ReadController, resolvesHowUpdatesRoll) {
  struct Row {
    const char* spec;
    unsigned replicas;
    bool rolls;
    unsigned surge;
    unsigned unavailable;
  };
  const Row rows[] = {
      {R"({})", 1, true, 1, 0},
      {R"({"replicas": 3})", 3, true, 1, 0},
      {R"({"replicas": 8})", 8, true, 2, 2},
      {R"({"replicas": 3, "strategy": {"type": "Recreate"}})", 3, false, 1, 0},
      {R"({"replicas": 3, "strategy": {"type": "RollingUpdate",
          "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "50%"}}})",
       3, true, 2, 1},
      {R"({"replicas": 3, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}})",
       3, true, 0, 3},
      {R"({"replicas": 3, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}})", 3,
       true, 0, 1},
      {R"({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": "999999999999%",
          "maxUnavailable": "x%"}}})",
       4, true, 1, 1},
      {R"({"replicas": "many"})", 1, true, 1, 0}};
  for (const Row& row : rows) {
    json object = json::parse(R"({"metadata": {"name": "ghost"}})");
    object["spec"] = json::parse(row.spec);
    const auto read = readController(object, "Deployment");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name.forKubectl(), "deployment/ghost");
    EXPECT_EQ(std::tuple(read->replicas, read->rolls, read->surge, read->unavailable),
              std::tuple(row.replicas, row.rolls, row.surge, row.unavailable))
        << row.spec;
  }
  EXPECT_THAT(readController(json(7), "Deployment").error().message, HasSubstr("proper name"));
}

TEST(ReadController, knowsStatefulSets) {
  json object = json::parse(R"({"metadata": {"name": "ghost"}, "spec": {"replicas": 2}})");
  auto read = readController(object, "StatefulSet");
  EXPECT_TRUE(read->rolls);
  EXPECT_EQ(read->surge, 0u);
  EXPECT_EQ(read->unavailable, 1u);
  object["spec"]["updateStrategy"]["type"] = "OnDelete";
  EXPECT_FALSE(readController(object, "StatefulSet")->rolls);
}

TEST(ReadAutoscaler, namesWhatItScales) {
  const auto read = readAutoscaler(json::parse(
      R"({"metadata": {"name": "hpa"}, "spec": {"maxReplicas": 5,
          "scaleTargetRef": {"kind": "Deployment", "name": "ghost"}}})"));
  EXPECT_EQ(read->target.text(), "Deployment ghost");
  EXPECT_EQ(read->most, 5u);
  EXPECT_EQ(readAutoscaler(json::parse(R"({"metadata": {"name": "hpa"}})"))->target, ObjectName{});
}

TEST(ReadClaim, takesTheVolumesModesBeforeWhatWasAskedFor) {
  const auto read = [](const char* text) {
    json object = json::parse(text);
    object["metadata"]["name"] = "content";
    return *readClaim(object);
  };
  EXPECT_FALSE(read(R"({"spec": {"accessModes": ["ReadWriteOnce"]}})").allowsMany());
  EXPECT_TRUE(read(R"({"spec": {"accessModes": ["ReadWriteOnce"]},
                       "status": {"accessModes": ["ReadWriteOnce", "ReadWriteMany"]}})")
                  .allowsMany());
  EXPECT_THAT(read(R"({"spec": {"accessModes": ["Read\u001b[Write", 5]}})").modes, IsEmpty());
}

}  // namespace
}  // namespace rollcall::k8s
