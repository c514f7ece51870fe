#include "daemon/k8s/inventory.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

KubePod podNamed(const std::string& name, const std::string& address = "10.0.0.1") {
  KubePod pod;
  pod.name = name;
  pod.uid = "uid-" + name;
  pod.address = address;
  pod.ready = true;
  pod.containers = {{"ghost", "ghost:6", {{"http", 2368}}, WallTime{std::chrono::seconds(50)}, 2}};
  return pod;
}

Endpoint endpointOf(const std::string& pod) {
  Endpoint endpoint;
  endpoint.podUid = "uid-" + pod;
  endpoint.podName = pod;
  endpoint.zone = "eu-1a";
  return endpoint;
}

std::vector<std::string> states(const Topology& topology) {
  std::vector<std::string> texts;
  for (const Pod& pod : topology.pods)
    texts.push_back(pod.name + (pod.terminating ? " leaving"
                                : pod.ready     ? " ready"
                                                : " not ready"));
  return texts;
}

TEST(Inventory, tellsOfAPodWhatTheApiTells) {
  Inventory inventory({"", "", "https"});
  KubePod pod = podNamed("a", "2001:db8::1");
  pod.node = "node-a";
  pod.zone = "eu-1b";
  pod.startedAt = WallTime{std::chrono::seconds(10)};
  pod.claims = {"content"};
  inventory.listed({pod});
  const Topology topology = inventory.topology();
  ASSERT_EQ(topology.pods.size(), 1u);
  const Pod& only = topology.pods[0];
  EXPECT_EQ(only.address(), "[2001:db8::1]:2368");
  EXPECT_EQ(only.scheme, "https");
  EXPECT_EQ(only.node, "node-a");
  EXPECT_EQ(only.zone, "eu-1b");
  EXPECT_EQ(only.uid, "uid-a");
  EXPECT_EQ(only.image, "ghost:6");
  EXPECT_EQ(only.restarts, 2u);
  EXPECT_THAT(only.claims, ElementsAre("content"));
  EXPECT_EQ(only.startedAt, WallTime{std::chrono::seconds(50)}) << "the container's, not the pod's";
  EXPECT_EQ(topology.stale, "");
}

TEST(Inventory, leavesOutPodsThatEndedOrHaveNoAddress) {
  Inventory inventory({});
  KubePod ended = podNamed("ended");
  ended.finished = true;
  inventory.listed({podNamed("b"), ended, podNamed("pending", ""), podNamed("a")});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a ready", "b ready"));
}

TEST(Inventory, takesThePodsOwnWordWithoutAService) {
  Inventory inventory({});
  KubePod notReady = podNamed("b");
  notReady.ready = false;
  KubePod leaving = podNamed("c");
  leaving.terminating = true;
  inventory.listed({podNamed("a"), notReady, leaving});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a ready", "b not ready", "c leaving"));
}

TEST(Inventory, keepsAPodThatIsFencedOutOfTheService) {
  Inventory inventory({"ghost", "", "http"});
  inventory.listed({podNamed("a"), podNamed("b")});
  inventory.listed({EndpointSlice{"ghost-x", {endpointOf("a")}}});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a ready", "b not ready"));
  EXPECT_EQ(inventory.topology().pods[0].zone, "eu-1a");
}

TEST(Inventory, joinsAllSlices) {
  Inventory inventory({"ghost", "", "http"});
  inventory.listed({podNamed("a"), podNamed("b"), podNamed("c")});
  Endpoint b6 = endpointOf("b");
  Endpoint b4 = endpointOf("b");
  b4.ready = false;
  Endpoint c = endpointOf("c");
  c.terminating = true;
  c.ready = false;
  inventory.listed({EndpointSlice{"ghost-4", {endpointOf("a"), b4}}, EndpointSlice{"ghost-6", {b6}},
                    EndpointSlice{"ghost-7", {c}}});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a ready", "b ready", "c leaving"));
}

TEST(Inventory, knowsAPodByUidAndOtherwiseByNameOrAddress) {
  Inventory inventory({"ghost", "", "http"});
  KubePod again = podNamed("a");
  again.uid = "another";
  inventory.listed({again, podNamed("b", "10.0.0.2"), podNamed("c", "10.0.0.3")});
  Endpoint named;
  named.podName = "b";
  Endpoint addressed;
  addressed.addresses = {"10.0.0.3"};
  inventory.listed({EndpointSlice{"ghost-x", {endpointOf("a"), named, addressed}}});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a not ready", "b ready", "c ready"));
}

TEST(Inventory, believesThePodsWhenTheServiceHasNoSlice) {
  Inventory inventory({"gohst", "", "http"});
  inventory.listed({podNamed("a")});
  EXPECT_EQ(inventory.topology().stale, "") << "the slices may come yet";
  inventory.listed(std::vector<EndpointSlice>{});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a ready"));
  EXPECT_THAT(inventory.topology().stale, HasSubstr("no EndpointSlice of the Service gohst"));
}

TEST(Inventory, believesAServiceThatHasNoEndpoint) {
  Inventory inventory({"ghost", "", "http"});
  inventory.listed({podNamed("a")});
  inventory.listed({EndpointSlice{"ghost-x", {}}});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a not ready"));
}

TEST(Inventory, saysWhichPodsAreNotAskedForWantOfAPort) {
  Inventory inventory({"", "web", "http"});
  KubePod good = podNamed("c");
  good.containers[0].ports[0].name = "web";
  inventory.listed({podNamed("a"), podNamed("b"), good});
  const Topology topology = inventory.topology();
  EXPECT_THAT(states(topology), ElementsAre("c ready"));
  EXPECT_EQ(topology.stale,
            "not asked: a has no port named web; its ports: 2368 (http) (and 1 more pods alike)");
}

TEST(Inventory, followsEvents) {
  Inventory inventory({"ghost", "", "http"});
  inventory.listed({podNamed("a")});
  inventory.listed({EndpointSlice{"ghost-x", {endpointOf("a")}}});
  inventory.put(podNamed("b"));
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a ready", "b not ready"));
  inventory.put(EndpointSlice{"ghost-x", {endpointOf("b")}});
  EXPECT_THAT(states(inventory.topology()), ElementsAre("a not ready", "b ready"));
  inventory.dropPod("a");
  inventory.dropPod("never-there");
  EXPECT_THAT(states(inventory.topology()), ElementsAre("b ready"));
  inventory.dropSlice("ghost-x");
  EXPECT_THAT(states(inventory.topology()), ElementsAre("b ready"));
  inventory.listed(std::vector<KubePod>{});
  EXPECT_TRUE(inventory.topology().pods.empty());
}

TEST(ReadEndpointSlice, takesWhatIsNotSaidForReady) {
  const auto slice = readEndpointSlice(json::parse(R"({
    "metadata": {"name": "ghost-x"},
    "endpoints": [
      {"addresses": ["10.0.0.1"], "conditions": {},
       "targetRef": {"kind": "Pod", "name": "a", "uid": "u-a"}, "zone": "eu-1a"},
      {"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": true,
       "terminating": true}, "targetRef": {"kind": "Pod", "name": "b", "uid": "u-b"}},
      {"addresses": ["10.0.0.3", 7], "targetRef": {"kind": "Node", "name": "n"}}, 7]})"));
  ASSERT_TRUE(slice);
  ASSERT_EQ(slice->endpoints.size(), 4u);
  EXPECT_TRUE(slice->endpoints[0].ready);
  EXPECT_FALSE(slice->endpoints[0].terminating);
  EXPECT_EQ(slice->endpoints[0].podUid, "u-a");
  EXPECT_EQ(slice->endpoints[0].zone, "eu-1a");
  EXPECT_FALSE(slice->endpoints[1].ready);
  EXPECT_TRUE(slice->endpoints[1].terminating);
  EXPECT_EQ(slice->endpoints[2].podName, "");
  EXPECT_THAT(slice->endpoints[2].addresses, ElementsAre("10.0.0.3"));
}

TEST(ReadEndpointSlice, refusesWhatHasNoNameAndTakesWhatHasNoEndpoints) {
  EXPECT_FALSE(readEndpointSlice(json::parse("{}")));
  EXPECT_FALSE(readEndpointSlice(json(7)));
  const auto empty =
      readEndpointSlice(json::parse(R"({"metadata":{"name":"a"},"endpoints":null})"));
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->endpoints.empty());
}

}  // namespace
}  // namespace rollcall::k8s
