#include <gmock/gmock.h>

#include "checks/deployment/codes.h"
#include "daemon/core/registry.h"
#include "daemon/core/restart_safety.h"
#include "daemon/k8s/workload.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"

namespace rollcall::checks {
const CheckSpec& deploymentSpec();

namespace {

using namespace std::chrono_literals;
using k8s::Probe;
using k8s::ProbeKind;
using k8s::VolumeKind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_support::FakePodClient;

const WallTime kNow{std::chrono::seconds(1'767'250'800)};
const k8s::ObjectName kOwner{"Deployment", "ghost"};

struct FakeWorkload final : WorkloadSource {
  Result<Workload> look(Deadline, std::stop_token) override {
    if (error) return *error;
    return workload;
  }
  Workload workload;
  std::optional<Error> error;
};

// A site of two pods on 6.65 that is deployed as it should be.
class DeploymentTest : public testing::Test {
 protected:
  DeploymentTest() {
    site_.url = site_.admin = *parseUrl("https://e.org");
    Workload& workload = source_.workload;
    workload.nameSpace = "blog";
    workload.selector = "app=ghost";
    for (const char* name : {"a", "b"}) add(name);
    workload.nodes = {"node-a", "node-b"};
    k8s::Controller controller;
    controller.name = kOwner;
    controller.replicas = 2;
    workload.controllers = {controller};
    workload.claims = {{"content", {"ReadWriteMany"}}};
    runs("6.65");
  }

  void add(const std::string& name) {
    Pod known{.name = name};
    known.uid = "u-" + name;
    topology_.pods.push_back(known);
    k8s::WorkloadPod pod;
    pod.pod.name = name;
    pod.pod.uid = known.uid;
    pod.pod.node = "node-" + name;
    pod.pod.ready = true;
    pod.owner = kOwner;
    k8s::GhostContainer& ghost = pod.ghost.emplace();
    ghost.name = "ghost";
    ghost.image = "ghost:6";
    ghost.port = 2368;
    ghost.readiness = Probe{ProbeKind::kHttp, "/", true, 0s, 10s, 3};
    ghost.liveness = Probe{ProbeKind::kHttp, "/ghost/api/admin/site/", true, 0s, 10s, 3};
    ghost.startup = Probe{ProbeKind::kHttp, "/ghost/api/admin/site/", true, 0s, 5s, 360};
    ghost.mounts = {{"/var/lib/ghost/content", VolumeKind::kClaim, "content"}};
    ghost.env["url"] = {"https://e.org", ""};
    ghost.hasMail = true;
    source_.workload.pods.push_back(std::move(pod));
  }
  k8s::GhostContainer& ghost(std::size_t pod) { return *source_.workload.pods[pod].ghost; }
  void eachGhost(const std::function<void(k8s::GhostContainer&)>& change) {
    for (auto& pod : source_.workload.pods) change(*pod.ghost);
  }
  void runs(const std::string& version) {
    pods_.answer("*", "/ghost/api/admin/site/", 200,
                 R"({"site":{"title":"","url":"https://e.org/","version":")" + version + "\"}}");
  }

  Result<Outcome> tryRun() {
    return check_->run({.topology = topology_,
                        .site = site_,
                        .clock = clock_,
                        .pods = pods_,
                        .workload = &source_,
                        .deadline = Deadline(clock_.mono() + 10s)});
  }
  Outcome run() {
    Outcome outcome = testing_support::expectOutcome(tryRun());
    EXPECT_EQ(outcome.findings.empty() ? "" : problemsOf(outcome), "");
    return outcome;
  }
  // Without RC902, which says of every site of several pods how Ghost is.
  std::vector<std::string> codes() {
    std::vector<std::string> codes = testing_support::codesOf(run());
    std::erase(codes, "RC902");
    return codes;
  }
  Finding only(const std::string& code) {
    for (Finding& one : run().findings)
      if (one.def->code == code) return one;
    ADD_FAILURE() << "no " << code;
    return {};
  }
  // What holds of every finding.
  static std::string problemsOf(const Outcome& outcome) {
    std::string problems;
    for (const Finding& one : outcome.findings) {
      const bool whole = !one.message.empty() && !one.cause.empty() && !one.remedy.empty() &&
                         one.reproduce.starts_with("kubectl ");
      if (!whole || one.remedy.find("NAME") != std::string::npos)
        problems += std::string(one.def->code) + " ";
    }
    return problems;
  }

  Topology topology_;
  Site site_;
  ManualClock clock_{kNow};
  FakePodClient pods_;
  FakeWorkload source_;
  std::unique_ptr<Check> check_ = deploymentSpec().make(Params(deploymentSpec().params));
};

TEST_F(DeploymentTest, saysOfAGoodSiteOnlyWhatStaysInMemory) {
  const Outcome outcome = run();
  EXPECT_THAT(testing_support::codesOf(outcome), ElementsAre("RC902"));
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, IsEmpty());
  EXPECT_EQ(judge(outcome, {}), Verdict::kPass);
}

TEST_F(DeploymentTest, warnsOfSeveralPodsThatRouteFromMemory) {
  runs("5.130");
  const Finding finding = only("RC901");
  EXPECT_EQ(finding.def->severity, Severity::kWarning);
  EXPECT_EQ(finding.message, "Deployment ghost has 2 replicas; it runs Ghost 5.130");
  EXPECT_THAT(finding.cause, HasSubstr("is 404 on the others until they are restarted"));
  EXPECT_EQ(finding.reproduce, "kubectl get deployment ghost -n blog");
  EXPECT_THAT(finding.remedy, HasSubstr(": kubectl scale deployment/ghost -n blog --replicas=1; "));
}

TEST_F(DeploymentTest, countsWhatAnAutoscalerMayMake) {
  runs("6.56");
  source_.workload.controllers[0].replicas = 1;
  source_.workload.autoscalers = {{"hpa", kOwner, 5}};
  const Finding finding = only("RC901");
  EXPECT_THAT(finding.message, HasSubstr("1 replica, and the autoscaler hpa may make it 5"));
  EXPECT_THAT(finding.cause, HasSubstr("a redirect to /404/"));
  EXPECT_THAT(finding.remedy, HasSubstr(R"(kubectl patch hpa hpa -n blog -p '{"spec":{"minR)"));
  source_.workload.autoscalers.clear();
  EXPECT_THAT(testing_support::codesOf(run()), IsEmpty());
}

TEST_F(DeploymentTest, judgesByTheOldestVersionAndAsksNoPodTwice) {
  pods_.answer("b", "/ghost/api/admin/site/", 200,
               R"({"site":{"title":"","url":"https://e.org/","version":"5.130"}})");
  EXPECT_EQ(only("RC901").evidence.at("version"), "5.130");
  EXPECT_THAT(pods_.asked, SizeIs(2));
  only("RC901");
  EXPECT_THAT(pods_.asked, SizeIs(2));
}

TEST_F(DeploymentTest, aVersionThatCannotBeLearnedIsAGapAndNoFinding) {
  for (const char* name : {"a", "b"}) pods_.failAll(name, ErrorCode::kUnavailable);
  pods_.fail("*", "/ghost/api/admin/site/", ErrorCode::kUnavailable);
  const Outcome outcome = run();
  EXPECT_THAT(outcome.findings, IsEmpty());
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].what, "which version of Ghost runs");
}

TEST_F(DeploymentTest, findsAVolumeForOneNodeWithSeveralPods) {
  source_.workload.claims = {{"content", {"ReadWriteOnce"}}};
  for (auto& pod : source_.workload.pods) pod.pod.node = "node-a";
  const Finding finding = only("RC903");
  EXPECT_THAT(finding.message,
              AllOf(HasSubstr("content is ReadWriteOnce"), HasSubstr("2 replicas")));
  EXPECT_EQ(finding.reproduce, "kubectl get pvc content -n blog");
  EXPECT_THAT(codes(), ElementsAre("RC903")) << "spreading the pods is no advice then";
  source_.workload.controllers[0].replicas = 1;
  source_.workload.pods.pop_back();
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(DeploymentTest, findsVolumesOfTheirOwnAndNone) {
  ghost(1).mounts[0].claim = "content-1";
  EXPECT_THAT(only("RC904").message, HasSubstr("a has the claim content, b has the claim con"));
  EXPECT_THAT(codes(), ElementsAre("RC904"));
  eachGhost([](auto& ghost) { ghost.mounts.clear(); });
  EXPECT_THAT(only("RC905").remedy, HasSubstr(R"("claimName":"CLAIM")"));
  EXPECT_THAT(codes(), ElementsAre("RC905"));
}

TEST_F(DeploymentTest, mountsAVolumeWhereTheImageKeepsItsContentOrSaysSoInWords) {
  eachGhost([](auto& ghost) { ghost.mounts.clear(), ghost.image = "bitnami/ghost:6"; });
  EXPECT_THAT(only("RC905").remedy, HasSubstr(R"("mountPath":"/bitnami/ghost"})"));
  eachGhost([](auto& ghost) { ghost.env["paths__contentPath"] = {"/data", ""}; });
  EXPECT_THAT(only("RC905").remedy, HasSubstr(R"("mountPath":"/data"})"));
  eachGhost([](auto& ghost) { ghost.env["paths__contentPath"] = {"/da\"ta", ""}; });
  EXPECT_THAT(only("RC905").remedy, Not(HasSubstr("kubectl")));
  eachGhost([](auto& ghost) { ghost.env.erase("paths__contentPath"), ghost.image = "blog:1"; });
  EXPECT_THAT(only("RC905").remedy,
              AllOf(HasSubstr("where this image keeps"), Not(HasSubstr("kubectl"))));
}

TEST_F(DeploymentTest, foldersOfNodesAreANote) {
  eachGhost([](auto& ghost) {
    ghost.mounts[0] = {"/var/lib/ghost/content", VolumeKind::kNode, ""};
  });
  const Outcome outcome = run();
  EXPECT_THAT(testing_support::codesOf(outcome), ElementsAre("RC902"));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("a folder of each pod's node")));
}

TEST_F(DeploymentTest, namesNoLimitInsteadOfOneItDoesNotUnderstand) {
  ghost(0).lastEnd = k8s::RunEnd{"OOMKilled", 137, kNow - 5h};
  ghost(0).memoryLimit = "2GiB";
  EXPECT_EQ(only("RC912").remedy, "raise the limit to twice what it is, and to 1Gi at least");
}

TEST_F(DeploymentTest, saysThatUpdatesOverlap) {
  k8s::Controller& controller = source_.workload.controllers[0];
  controller.rolls = true, controller.surge = 1;
  const Finding finding = only("RC906");
  EXPECT_EQ(finding.def->severity, Severity::kInfo);
  EXPECT_THAT(finding.remedy,
              HasSubstr(R"(kubectl patch deployment/ghost -n blog -p '{"spec":{"strategy":{"type":)"
                        R"("Recreate","rollingUpdate":null}}}')"));
  EXPECT_FALSE(asksForRestart(finding.remedy));
}

TEST_F(DeploymentTest, findsProbesThatMislead) {
  eachGhost([](auto& ghost) { ghost.startup.reset(), ghost.readiness.reset(); });
  EXPECT_THAT(codes(), ElementsAre("RC907", "RC910"));
  EXPECT_THAT(only("RC910").message, HasSubstr("after 30 s is killed"));
  eachGhost([](auto& ghost) { ghost.readiness = Probe{ProbeKind::kTcp, "", false, 0s, 10s, 3}; });
  const Finding early = only("RC907");
  EXPECT_THAT(early.message, HasSubstr("only whether the port is open"));
  EXPECT_THAT(early.remedy, HasSubstr(R"("readinessProbe":{"httpGet":{"path":"/","port":2368,)"));
  EXPECT_EQ(early.reproduce,
            R"(kubectl get pod a -n blog -o jsonpath='{.spec.containers[?(@.name=="ghost")].)"
            "readinessProbe}'");
  EXPECT_TRUE(asksForRestart(early.remedy));
}

TEST_F(DeploymentTest, findsProbesThatDoNotSeeTheDatabaseOrDieWithIt) {
  eachGhost([](auto& ghost) { std::swap(ghost.readiness, ghost.liveness); });
  EXPECT_THAT(codes(), ElementsAre("RC908", "RC909"));
  EXPECT_THAT(only("RC908").cause, HasSubstr("/ghost/api/admin/site/ from memory"));
  EXPECT_THAT(only("RC909").cause, HasSubstr("3 failures in a row, 10 s apart"));
  eachGhost([](auto& ghost) { ghost.liveness.reset(), ghost.readiness->saysHttps = false; });
  EXPECT_THAT(only("RC908").cause, HasSubstr("without X-Forwarded-Proto: https"));
  for (auto& pod : source_.workload.pods) pod.pod.ready = false;
  EXPECT_THAT(codes(), IsEmpty()) << "nobody knows whether it ever succeeds";
}

TEST_F(DeploymentTest, namesPodsThatAreRestartedOrRunOutOfMemory) {
  ghost(0).restarts = 4;
  ghost(0).lastEnd = k8s::RunEnd{"Error", 1, kNow - 10min};
  ghost(1).restarts = 1;
  ghost(1).lastEnd = k8s::RunEnd{"OOMKilled", 137, kNow - 5h};
  ghost(1).memoryLimit = "256Mi";
  const Outcome outcome = run();
  ASSERT_THAT(testing_support::codesOf(outcome), ElementsAre("RC902", "RC911 a", "RC912 b"));
  const Finding& restarts = outcome.findings[1];
  EXPECT_THAT(restarts.message, HasSubstr("a was restarted 4 times, the last time at 2026-01-01T"));
  EXPECT_THAT(restarts.cause, HasSubstr("Error, exit code 1"));
  EXPECT_THAT(restarts.remedy, HasSubstr("kubectl logs a -n blog -c ghost --previous"));
  const Finding& memory = outcome.findings[2];
  EXPECT_THAT(memory.message, HasSubstr("its limit is 256Mi"));
  EXPECT_THAT(memory.remedy, HasSubstr("kubectl set resources deployment/ghost -n blog -c ghost "
                                       "--limits=memory=1Gi"));
}

TEST_F(DeploymentTest, aSingleRestartIsANote) {
  ghost(0).restarts = 1;
  ghost(0).lastEnd = k8s::RunEnd{"", 1, kNow - 10min};
  const Outcome outcome = run();
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("a was restarted at")));
  EXPECT_THAT(testing_support::codesOf(outcome), ElementsAre("RC902"));
}

TEST_F(DeploymentTest, saysWhereAllPodsAre) {
  for (auto& pod : source_.workload.pods) pod.pod.node = "node-a";
  const Finding finding = only("RC913");
  EXPECT_EQ(finding.def->severity, Severity::kInfo);
  EXPECT_THAT(finding.remedy, HasSubstr(R"("labelSelector":{"matchLabels":{"app":"ghost"}})"));
  source_.workload.selector = "app in (ghost)";
  EXPECT_THAT(only("RC913").remedy, Not(HasSubstr("kubectl patch")));
  source_.workload.pods[1].pod.node = "node-b";
  for (auto& pod : source_.workload.pods) pod.pod.zone = "z-1";
  source_.workload.zones = {"z-1", "z-2"};
  EXPECT_THAT(codes(), ElementsAre("RC914"));
}

TEST_F(DeploymentTest, anotherDatabaseOfAPodThatServesIsCritical) {
  add("c");
  for (std::size_t i = 0; i < 3; ++i)
    ghost(i).env["database__connection__host"] = {i == 1 ? "old-db" : "db", ""};
  const Finding finding = only("RC915");
  EXPECT_EQ(finding.def->severity, Severity::kCritical);
  EXPECT_EQ(finding.pod, "b");
  EXPECT_EQ(finding.message, "on b database__connection__host is old-db, and db on a, c");
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl rollout undo deployment/ghost -n blog"));
  EXPECT_THAT(finding.reproduce, HasSubstr(R"(.env[?(@.name=="database__connection__host")])"));
  topology_.pods[1].ready = false;
  const Outcome outcome = run();
  EXPECT_THAT(testing_support::codesOf(outcome), ElementsAre("RC902"));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("not between pods that get readers")));
}

TEST_F(DeploymentTest, whereNoneAreTheMostNoPodIsBlamed) {
  ghost(1).env["url"] = {"https://other.org", ""};
  const Finding finding = only("RC915");
  EXPECT_EQ(finding.pod, "");
  EXPECT_EQ(finding.message, "url is https://e.org on a; url is https://other.org on b");
}

TEST_F(DeploymentTest, saysThatMailIsNotConfigured) {
  eachGhost([](auto& ghost) { ghost.hasMail = false; });
  EXPECT_EQ(only("RC916").def->severity, Severity::kInfo);
}

TEST_F(DeploymentTest, whatWillNotBeListedIsANoteAndAFailureAGap) {
  source_.workload.controllers.clear();
  source_.workload.unlisted = {
      {"deployments", true, {ErrorCode::kPermissionDenied, "lacks the rule X"}},
      {"persistentvolumeclaims", false, {ErrorCode::kUnavailable, "etcd is away"}}};
  const Outcome outcome = run();
  EXPECT_THAT(outcome.notes,
              ElementsAre(AllOf(HasSubstr("how many replicas"), HasSubstr("lacks the rule X"))));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].what, "persistentvolumeclaims");
}

TEST_F(DeploymentTest, withoutThePodsItCouldNotRun) {
  source_.error = Error{ErrorCode::kUnavailable, "the API is away"};
  EXPECT_EQ(tryRun().error().message, "the API is away");
}

TEST_F(DeploymentTest, pastesNoCommandForAnOwnerKubectlCannotScale) {
  runs("5.130");
  for (auto& pod : source_.workload.pods) pod.owner = {"Rollout", "ghost"};
  eachGhost([](auto& ghost) { ghost.mounts.clear(), ghost.readiness.reset(); });
  for (const Finding& one : run().findings)
    EXPECT_THAT(one.remedy, Not(HasSubstr("kubectl"))) << one.def->code;
}

}  // namespace
}  // namespace rollcall::checks
