#include "checks/deployment/probes.h"

#include <gmock/gmock.h>

namespace rollcall::checks::deployment {
namespace {
using namespace std::chrono_literals;
using k8s::Probe;
using k8s::ProbeKind;

Probe http(const std::string& path, bool saysHttps = true) {
  return {ProbeKind::kHttp, path, saysHttps, 0s, 10s, 3};
}
Probe port() {
  return {ProbeKind::kTcp, "", false, 0s, 10s, 3};
}
Probe command() {
  return {ProbeKind::kOther, "", false, 0s, 10s, 3};
}

const Url kSite = *parseUrl("https://example.org");

TEST(AnswerTo, knowsWhatGhostAnswersWithoutItsDatabase) {
  struct Row {
    const char* site;
    Probe probe;
    Answer answer;
  };
  const Row rows[] = {
      {"https://e.org", http("/"), Answer::kDatabase},
      {"https://e.org", http("/", false), Answer::kRedirected},
      {"http://e.org", http("/", false), Answer::kDatabase},
      {"https://e.org", http("/ghost/api/admin/site/", false), Answer::kRedirected},
      {"https://e.org", http("/ghost/api/admin/site/"), Answer::kMemory},
      {"https://e.org", http("/ghost/api/admin/site"), Answer::kMemory},
      {"https://e.org", http("/ghost/api/v4/admin/site/?x=1"), Answer::kMemory},
      {"https://e.org", http("/ghost/api/admin/authentication/setup/"), Answer::kDatabase},
      {"https://e.org", http("/ghost/api/content/posts/"), Answer::kUnknown},
      {"https://e.org", http("/ghost/"), Answer::kMemory},
      {"https://e.org", http("/ghostly/"), Answer::kDatabase},
      {"https://e.org", http("/robots.txt"), Answer::kMemory},
      {"https://e.org", http("/sitemap-posts.xml"), Answer::kMemory},
      {"https://e.org", http("/content/images/a.png"), Answer::kMemory},
      {"https://e.org", http("/assets/a.css"), Answer::kUnknown},
      {"https://e.org", http("/about/"), Answer::kDatabase},
      {"https://e.org", http("/health"), Answer::kDatabase},
      {"https://e.org/blog", http("/blog/"), Answer::kDatabase},
      {"https://e.org/blog", http("/blog"), Answer::kDatabase},
      {"https://e.org/blog", http("/blog/robots.txt"), Answer::kMemory},
      {"https://e.org/blog", http("/"), Answer::kUnknown},
      {"https://e.org/blog", http("/bloggers/"), Answer::kUnknown},
      {"https://e.org", port(), Answer::kUnknown},
      {"https://e.org", command(), Answer::kUnknown},
  };
  for (const Row& row : rows)
    EXPECT_EQ(answerTo(row.probe, *parseUrl(row.site)), row.answer)
        << row.site << " " << row.probe.path << " " << row.probe.saysHttps;
}

TEST(ReadinessOf, tellsFromWhenAPodGetsReaders) {
  struct Row {
    std::optional<Probe> startup;
    std::optional<Probe> readiness;
    Readiness is;
  };
  const Row rows[] = {
      {{}, {}, Readiness::kNone},
      {{}, port(), Readiness::kPort},
      {port(), {}, Readiness::kNone},
      {http("/ghost/"), {}, Readiness::kBooted},
      {http("/ghost/"), port(), Readiness::kBooted},
      {command(), port(), Readiness::kUnknown},
      {{}, http("/ghost/api/admin/site/"), Readiness::kBooted},
      {{}, http("/", false), Readiness::kBooted},
      {{}, http("/"), Readiness::kDatabase},
      {port(), http("/"), Readiness::kDatabase},
      {{}, http("/assets/x.css"), Readiness::kUnknown},
      {{}, command(), Readiness::kUnknown},
  };
  for (const Row& row : rows) {
    k8s::GhostContainer ghost;
    ghost.startup = row.startup;
    ghost.readiness = row.readiness;
    EXPECT_EQ(readinessOf(ghost, kSite), row.is) << &row - rows;
  }
}

TEST(DiesWithDatabase, isForALivenessProbeThatNeedsIt) {
  k8s::GhostContainer ghost;
  EXPECT_FALSE(diesWithDatabase(ghost, kSite));
  for (const Probe& probe : {port(), command(), http("/ghost/"), http("/", false)}) {
    ghost.liveness = probe;
    EXPECT_FALSE(diesWithDatabase(ghost, kSite)) << probe.path;
  }
  ghost.liveness = http("/");
  EXPECT_TRUE(diesWithDatabase(ghost, kSite));
}

TEST(BootPatience, endsWithTheProbeThatTakesABootForAFailure) {
  struct Row {
    std::optional<Probe> startup;
    std::optional<Probe> liveness;
    std::optional<Duration> patience;
  };
  Probe slow = http("/ghost/");
  slow.delay = 120s, slow.failures = 6;
  const Row rows[] = {
      {{}, {}, {}},
      {{}, port(), {}},
      {{}, http("/ghost/"), 30s},
      {{}, slow, 180s},
      {slow, http("/ghost/"), 180s},
      {port(), http("/ghost/"), 30s},
      {command(), http("/ghost/"), {}},
      {http("/ghost/"), {}, 30s},
  };
  for (const Row& row : rows) {
    k8s::GhostContainer ghost;
    ghost.startup = row.startup;
    ghost.liveness = row.liveness;
    EXPECT_EQ(bootPatience(ghost), row.patience) << &row - rows;
  }
}

}  // namespace
}  // namespace rollcall::checks::deployment
