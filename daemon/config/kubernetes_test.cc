#include <gmock/gmock.h>

#include "daemon/config/config_fixture.h"

namespace rollcall {
namespace {

class KubernetesSettings : public ConfigTest {
 protected:
  static ConfigLayer flags(std::map<std::string, std::string> values) {
    return ConfigLayer{.source = "flags", .values = std::move(values)};
  }
};

TEST_F(KubernetesSettings, AreReadFromAFileAndShownAgain) {
  const Result<Config> config = loadYaml(
      "kubernetes: {selector: 'app in (ghost)', service: ghost, namespace: blog, port: http}");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->kubernetes);
  EXPECT_EQ(config->kubernetes->selector, "app in (ghost)");
  EXPECT_EQ(config->kubernetes->service, "ghost");
  EXPECT_EQ(config->kubernetes->nameSpace, "blog");
  EXPECT_EQ(config->kubernetes->port, "http");
  const std::string text = showConfig(*config);
  const Result<Config> again = loadYaml(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(showConfig(*again), text);
}

TEST_F(KubernetesSettings, AreTakenFromTheEnvironmentWithWhereTheApiIs) {
  const Result<Config> config = load({.environment = {{"ROLLCALL_KUBE_SELECTOR", "app=ghost"},
                                                      {"ROLLCALL_KUBE_SERVICE", "ghost"},
                                                      {"ROLLCALL_KUBE_NAMESPACE", "blog"},
                                                      {"ROLLCALL_KUBE_PORT", "2369"},
                                                      {"ROLLCALL_KUBE_ACCOUNT", "/account"},
                                                      {"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                                      {"KUBERNETES_SERVICE_PORT", "80"},
                                                      {"KUBERNETES_SERVICE_PORT_HTTPS", "6443"}}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->kubernetes->selector, "app=ghost");
  EXPECT_EQ(config->kubernetes->service, "ghost");
  EXPECT_EQ(config->kubernetes->nameSpace, "blog");
  EXPECT_EQ(config->kubernetes->port, "2369");
  EXPECT_EQ(config->surroundings.host, "10.0.0.1");
  EXPECT_EQ(config->surroundings.port, "6443");
  EXPECT_EQ(config->surroundings.accountFolder, "/account");
}

TEST_F(KubernetesSettings, AreNotWantedBecauseRollcallRunsInACluster) {
  const Result<Config> config = load({.environment = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->kubernetes);
}

TEST_F(KubernetesSettings, ReplacePodsThatWereGivenMoreWeaklyAndAreReplaced) {
  const Result<Config> selected = load({.configFile = write("pods.yaml", "pods_dns: g:2368"),
                                        .flags = flags({{"kubernetes.selector", "app=ghost"}})});
  ASSERT_TRUE(selected) << selected.error().message;
  EXPECT_TRUE(selected->kubernetes);
  EXPECT_EQ(selected->podsDns, "");

  const std::string file =
      write("kube.yaml", "kubernetes: {selector: app=ghost, service: ghost, port: http}");
  const Result<Config> byDns = load({.configFile = file, .flags = flags({{"pods_dns", "g:2368"}})});
  ASSERT_TRUE(byDns) << byDns.error().message;
  EXPECT_FALSE(byDns->kubernetes);
  ConfigLayer list{.source = "flags", .lists = {{"pods", {"b=http://10.0.0.2:2368"}}}};
  const Result<Config> byList = load({.configFile = file, .flags = list});
  ASSERT_TRUE(byList) << byList.error().message;
  EXPECT_FALSE(byList->kubernetes);
}

TEST_F(KubernetesSettings, ALeaseIsWantedHoweverThePodsAreFound) {
  const Result<Config> byDns = loadYaml("pods_dns: g:2368\nkubernetes: {lease: rollcall}");
  ASSERT_TRUE(byDns) << byDns.error().message;
  EXPECT_EQ(byDns->lease, "rollcall");
  EXPECT_FALSE(byDns->kubernetes);
  const std::string text = showConfig(*byDns);
  const Result<Config> again = loadYaml(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(showConfig(*again), text);
  const Result<Config> stronger =
      load({.configFile = write("lease.yaml", "kubernetes: {selector: a=b, lease: rollcall}"),
            .environment = {{"ROLLCALL_KUBE_LEASE", "other"}},
            .flags = flags({{"pods_dns", "g:2368"}})});
  ASSERT_TRUE(stronger) << stronger.error().message;
  EXPECT_EQ(stronger->lease, "other");
  EXPECT_FALSE(stronger->kubernetes);
}

TEST_F(KubernetesSettings, EventsAreForPodsOfKubernetes) {
  const Result<Config> config = loadYaml("kubernetes: {selector: a=b, events: true}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->events);
  EXPECT_THAT(showConfig(*config), testing::HasSubstr("  events: true\n"));
  EXPECT_FALSE(loadYaml("kubernetes: {selector: a=b}")->events);
  const std::string file = write("kube.yaml", "kubernetes: {selector: app=ghost, events: true}");
  const Result<Config> byDns = load({.configFile = file, .flags = flags({{"pods_dns", "g:2368"}})});
  ASSERT_TRUE(byDns) << byDns.error().message;
  EXPECT_FALSE(byDns->events);
}

TEST_F(KubernetesSettings, ThatAreWrongAreNamed) {
  struct Row {
    const char* yaml;
    const char* says;
  };
  const Row rows[] = {
      {"kubernetes: {service: ghost}",
       "rollcall.yaml:1: kubernetes.service: says nothing without a selector of Ghost's pods: give "
       "--kube-selector or kubernetes.selector"},
      {"kubernetes: {selector: a=b, service: Ghost}",
       "rollcall.yaml:1: kubernetes.service: must be the name of a Service"},
      {"kubernetes: {selector: a=b, namespace: a/b}",
       "rollcall.yaml:1: kubernetes.namespace: must be the name of a namespace"},
      {"kubernetes: {selector: a=b, port: 0}",
       "rollcall.yaml:1: kubernetes.port: must be a port's number, or the name of a container's "
       "port"},
      {"kubernetes: {selector: a=b, port: 65536}",
       "rollcall.yaml:1: kubernetes.port: must be a port's number, or the name of a container's "
       "port"},
      {"kubernetes: {selector: \"a\\e[2J\"}",
       "rollcall.yaml:1: kubernetes.selector: must be a label selector as kubectl takes it, such "
       "as "
       "app.kubernetes.io/name=ghost"},
      {"kubernetes: {selector: a=b, events: yes}",
       "rollcall.yaml:1: kubernetes.events: must be true or false"},
      {"kubernetes: {events: true}",
       "rollcall.yaml:1: kubernetes.events: says nothing without a selector of Ghost's pods"},
      {"kubernetes: {lease: Roll_call}",
       "rollcall.yaml:1: kubernetes.lease: must be the name of a Lease"},
      {"kubernetes: {selector: a=b}\npods_dns: g:1",
       "rollcall.yaml:1: kubernetes.selector: the pods are given otherwise as well: use one of the "
       "two"},
      {"kubernetes: {selector: a=b}\npods: [a=http://10.0.0.1]",
       "rollcall.yaml:1: kubernetes.selector: the pods are given otherwise as well: use one of the "
       "two"},
      {"surroundings: {host: a}", "rollcall.yaml:1: surroundings: unknown key; known here: "},
  };
  for (const Row& row : rows)
    EXPECT_THAT(problems(loadYaml(row.yaml)), testing::StartsWith(row.says)) << row.yaml;
}

}  // namespace
}  // namespace rollcall
