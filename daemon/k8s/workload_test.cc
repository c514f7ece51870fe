#include "daemon/k8s/workload.h"

#include <gmock/gmock.h>

#include <map>

#include "daemon/k8s/account_folder.h"
#include "daemon/k8s/scripted_http.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using k8s::Scripted;
using k8s::ScriptedHttp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string page(const std::string& items) {
  return R"({"metadata":{"resourceVersion":"7"},"items":[)" + items + "]}";
}
std::string pod(const std::string& name, const std::string& owner, const std::string& node,
                const std::string& claim = "") {
  std::string volumes;
  if (!claim.empty()) volumes = R"({"persistentVolumeClaim":{"claimName":")" + claim + "\"}}";
  return R"({"metadata":{"name":")" + name + R"(","uid":"u-)" + name +
         R"(","labels":{"pod-template-hash":"1"},"ownerReferences":[)" + owner +
         R"(]},"spec":{"nodeName":")" + node + R"(","containers":[{"name":"ghost"}],"volumes":[)" +
         volumes + R"(]},"status":{"podIP":"10.0.0.1"}})";
}
const char* const kOwner = R"({"kind":"ReplicaSet","name":"ghost-1","controller":true})";

class WorkloadTest : public testing::Test {
 protected:
  WorkloadTest() {
    answer("pods?labelSelector=app%3Dghost", page(pod("a", kOwner, "node-a", "content")));
  }

  void answer(const std::string& path, std::string body, int status = 200) {
    answers_[path] = {.status = status, .body = std::move(body)};
  }
  Result<Workload> look(std::stop_token stop = {}) {
    ScriptedHttp http([this](const HttpRequest& request, std::stop_token) {
      const std::string path =
          request.url.substr(request.url.find("/blog/") + 6)
              .erase(request.url.find("&limit") - request.url.find("/blog/") - 6);
      asked_.push_back(path);
      longest_ = std::max(longest_, request.timeout);
      const auto found = answers_.find(path);
      return found == answers_.end() ? Scripted{.body = page("")} : found->second;
    });
    const auto source =
        makeWorkloadSource(clock_, http, {.selector = "app=ghost"}, account_.surroundings());
    EXPECT_TRUE(source);
    return (*source)->look(Deadline::after(clock_, 3s), std::move(stop));
  }

  ManualClock clock_{WallTime{}};
  const k8s::AccountFolder account_;
  std::map<std::string, Scripted> answers_;
  std::vector<std::string> asked_;
  Duration longest_{0};
};

TEST_F(WorkloadTest, asksForWhatThePodsReferToAndNoMore) {
  answer("deployments?fieldSelector=metadata.name%3Dghost",
         page(R"({"metadata":{"name":"ghost"},"spec":{"replicas":4}})"));
  answer("horizontalpodautoscalers?labelSelector=",
         page(R"({"metadata":{"name":"ours"},"spec":{"maxReplicas":5,
                  "scaleTargetRef":{"kind":"Deployment","name":"ghost"}}},
                 {"metadata":{"name":"other"},"spec":{"maxReplicas":9,
                  "scaleTargetRef":{"kind":"Deployment","name":"shop"}}})"));
  answer("persistentvolumeclaims?labelSelector=",
         page(R"({"metadata":{"name":"content"},"spec":{"accessModes":["ReadWriteOnce"]}},
                 {"metadata":{"name":"mysql"}})"));
  const auto workload = look();
  ASSERT_TRUE(workload);
  EXPECT_THAT(asked_, ElementsAre("pods?labelSelector=app%3Dghost",
                                  "deployments?fieldSelector=metadata.name%3Dghost",
                                  "horizontalpodautoscalers?labelSelector=",
                                  "persistentvolumeclaims?labelSelector="));
  EXPECT_EQ(workload->nameSpace, "blog");
  EXPECT_THAT(workload->pods, SizeIs(1));
  ASSERT_THAT(workload->controllers, SizeIs(1));
  EXPECT_EQ(workload->controllers[0].replicas, 4u);
  ASSERT_THAT(workload->autoscalers, SizeIs(1));
  EXPECT_EQ(workload->autoscalers[0].name, "ours");
  ASSERT_THAT(workload->claims, SizeIs(1));
  EXPECT_EQ(workload->claims[0].name, "content");
  EXPECT_THAT(workload->unlisted, IsEmpty());
}

TEST_F(WorkloadTest, waitsForNoAnswerBeyondItsDeadline) {
  EXPECT_TRUE(look());
  EXPECT_EQ(longest_, 3s);
}

TEST_F(WorkloadTest, asksForNothingMoreOfPodsThatNobodyOwns) {
  answer("pods?labelSelector=app%3Dghost", page(pod("a", "", "node-a")));
  EXPECT_TRUE(look());
  EXPECT_THAT(asked_, SizeIs(1));
}

TEST_F(WorkloadTest, looksForOtherNodesWhileAllPodsAreOnOne) {
  answer("pods?labelSelector=app%3Dghost",
         page(pod("a", "", "node-a") + "," + pod("b", "", "node-a")));
  answer("pods?labelSelector=", page(pod("a", "", "node-a") + "," + pod("db", "", "node-b") + "," +
                                     pod("pending", "", "")));
  EXPECT_THAT(look()->nodes, ElementsAre("node-a", "node-b"));
  answer("pods?labelSelector=app%3Dghost",
         page(pod("a", "", "node-a") + "," + pod("b", "", "node-b")));
  asked_.clear();
  EXPECT_THAT(look()->nodes, IsEmpty());
  EXPECT_THAT(asked_, SizeIs(1));
}

TEST_F(WorkloadTest, namesTheRuleThatIsMissingAndTellsItFromAFailure) {
  answer("deployments?fieldSelector=metadata.name%3Dghost", R"({"message":"forbidden"})", 403);
  answer("persistentvolumeclaims?labelSelector=", R"({"message":"etcd is away"})", 500);
  answer("horizontalpodautoscalers?labelSelector=", "{}");
  const auto workload = look();
  ASSERT_TRUE(workload);
  ASSERT_THAT(workload->unlisted, SizeIs(3));
  EXPECT_TRUE(workload->unlisted[0].lasting);
  EXPECT_THAT(workload->unlisted[0].why.message,
              HasSubstr(R"({apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"]})"));
  EXPECT_FALSE(workload->unlisted[1].lasting);
  EXPECT_EQ(workload->unlisted[1].why.code, ErrorCode::kProtocol);
  EXPECT_FALSE(workload->unlisted[2].lasting);
  EXPECT_THAT(workload->unlisted[2].why.message, HasSubstr("etcd is away"));
}

TEST_F(WorkloadTest, aKindThatTheClusterDoesNotHaveStaysUnlisted) {
  answer("horizontalpodautoscalers?labelSelector=", "404 page not found", 404);
  const auto workload = look();
  ASSERT_TRUE(workload);
  ASSERT_THAT(workload->unlisted, SizeIs(1));
  EXPECT_TRUE(workload->unlisted[0].lasting);
  EXPECT_EQ(workload->unlisted[0].why.message,
            "this cluster has no horizontalpodautoscalers of autoscaling/v2");
}

TEST_F(WorkloadTest, anApiThatIsNotFoundIsNoMissingKind) {
  answers_["horizontalpodautoscalers?labelSelector="] = {
      .status = 0, .fails = Error{ErrorCode::kNotFound, "no such host"}};
  const auto workload = look();
  ASSERT_TRUE(workload);
  ASSERT_THAT(workload->unlisted, SizeIs(1));
  EXPECT_FALSE(workload->unlisted[0].lasting);
  EXPECT_THAT(workload->unlisted[0].why.message, HasSubstr("no such host"));
}

TEST_F(WorkloadTest, aListThatIsTooLongStaysUnlistedButForWhatItShowed) {
  std::string claims = R"({"metadata":{"name":"content"}})";
  for (int i = 0; i < 1000; ++i)
    claims += R"(,{"metadata":{"name":"c)" + std::to_string(i) + "\"}}";
  answer("persistentvolumeclaims?labelSelector=", page(claims));
  const auto workload = look();
  ASSERT_TRUE(workload);
  EXPECT_THAT(workload->claims, SizeIs(1));
  ASSERT_THAT(workload->unlisted, SizeIs(1));
  EXPECT_TRUE(workload->unlisted[0].lasting);
  EXPECT_EQ(workload->unlisted[0].why.message, "there are more than 1000 persistentvolumeclaims");
}

TEST_F(WorkloadTest, aNamespaceOfManyPodsLeavesOpenWhetherThereAreOtherNodes) {
  answer("pods?labelSelector=app%3Dghost",
         page(pod("a", "", "node-a") + "," + pod("b", "", "node-a")));
  std::string pods = pod("a", "", "node-a");
  for (int i = 0; i < 1000; ++i) pods += "," + pod("p" + std::to_string(i), "", "node-a");
  answer("pods?labelSelector=", page(pods));
  const auto workload = look();
  ASSERT_TRUE(workload);
  ASSERT_THAT(workload->unlisted, SizeIs(1));
  EXPECT_TRUE(workload->unlisted[0].lasting);
}

TEST_F(WorkloadTest, aTokenThatIsRefusedIsNoMissingRule) {
  answer("deployments?fieldSelector=metadata.name%3Dghost", "", 401);
  const auto workload = look();
  ASSERT_TRUE(workload);
  ASSERT_THAT(workload->unlisted, SizeIs(1));
  EXPECT_FALSE(workload->unlisted[0].lasting);
}

TEST_F(WorkloadTest, failsWithoutThePodsThemselves) {
  answer("pods?labelSelector=app%3Dghost", "", 403);
  const auto workload = look();
  ASSERT_FALSE(workload);
  EXPECT_EQ(workload.error().code, ErrorCode::kPermissionDenied);
  answer("pods?labelSelector=app%3Dghost", page(R"({"metadata":{"name":"\u001b"}})"));
  EXPECT_EQ(look().error().code, ErrorCode::kProtocol);
}

TEST_F(WorkloadTest, takesNoMoreObjectsThanAnySiteHas) {
  std::string pods;
  for (int i = 0; i < 1001; ++i)
    pods += (i > 0 ? "," : "") + pod("p" + std::to_string(i), "", "node-a");
  answer("pods?labelSelector=app%3Dghost", page(pods));
  EXPECT_THAT(look().error().message, HasSubstr("more than 1000 pods"));
}

TEST_F(WorkloadTest, saysThatItWasStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(look(stop.get_token()).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace rollcall
