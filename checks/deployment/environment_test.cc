#include "checks/deployment/environment.h"

#include <gmock/gmock.h>

namespace rollcall::checks::deployment {
namespace {
using k8s::EnvValue;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

using Env = std::map<std::string, EnvValue>;

class CompareEnvironments : public testing::Test {
 protected:
  void pod(const std::string& name, Env env) {
    k8s::WorkloadPod one;
    one.pod.name = name;
    one.ghost.emplace().env = std::move(env);
    pods_.push_back(std::move(one));
  }
  Comparison compare() {
    std::vector<const k8s::WorkloadPod*> pods;
    for (const k8s::WorkloadPod& one : pods_) pods.push_back(&one);
    return compareEnvironments(pods, "blog");
  }
  std::vector<k8s::WorkloadPod> pods_;
};

EnvValue is(const std::string& value) {
  return {value, ""};
}
EnvValue from(const std::string& source) {
  return {"", source};
}

TEST_F(CompareEnvironments, saysNothingOfPodsThatAreAlike) {
  EXPECT_THAT(compare().differences, IsEmpty());
  for (const char* name : {"a", "b"})
    pod(name, {{"url", is("https://e.org")}, {"GHOST_DATABASE_NAME", from("the key x")}});
  const Comparison comparison = compare();
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(comparison.users, IsEmpty());
  EXPECT_THAT(comparison.doubtful, IsEmpty());
}

TEST_F(CompareEnvironments, namesWhoHasWhat) {
  pod("a", {{"url", is("https://e.org")}});
  pod("b", {{"url", is("https://old.org")}});
  pod("c", {{"url", is("https://e.org")}});
  const Comparison comparison = compare();
  ASSERT_THAT(comparison.differences, SizeIs(1));
  EXPECT_EQ(comparison.differences[0].variable, "url");
  EXPECT_THAT(comparison.differences[0].pods,
              ElementsAre(Pair("https://e.org", ElementsAre("a", "c")),
                          Pair("https://old.org", ElementsAre("b"))));
  EXPECT_EQ(comparison.differences[0].usual(), "https://e.org");
}

TEST_F(CompareEnvironments, knowsNoUsualValueOfATie) {
  pod("a", {{"database__connection__host", is("db-1")}});
  pod("b", {{"database__connection__host", is("db-2")}});
  EXPECT_EQ(compare().differences.at(0).usual(), "");
}

TEST_F(CompareEnvironments, takesNamesOfOneServiceForTheSame) {
  for (const char* host : {"mysql", "mysql.blog", "mysql.blog.svc", "mysql.blog.svc.cluster.local",
                           "mysql.blog.svc.cluster.local."})
    pod(host, {{"database__connection__host", is(host)}});
  EXPECT_THAT(compare().differences, IsEmpty());
  pod("other", {{"database__connection__host", is("mysql.shop")}});
  EXPECT_THAT(compare().differences, SizeIs(1));
}

TEST_F(CompareEnvironments, doubtsWhatIsNotToBeSeen) {
  pod("a", {{"url", is("https://e.org")}, {"database__connection__host", from("the key x")}});
  pod("b", {{"database__connection__host", from("the key y")}});
  const Comparison comparison = compare();
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(comparison.doubtful, ElementsAre("url", "database__connection__host"));
}

TEST_F(CompareEnvironments, keepsUsersApartAndOtherVariablesOut) {
  pod("a", {{"database__connection__user", is("ghost")}, {"paths__contentPath", is("/a")}});
  pod("b", {{"database__connection__user", is("root")}, {"paths__contentPath", is("/b")}});
  const Comparison comparison = compare();
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(comparison.users, SizeIs(1));
}

}  // namespace
}  // namespace rollcall::checks::deployment
