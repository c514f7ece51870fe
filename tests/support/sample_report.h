// Reports to print: three pods of which two lack a post, one that could not be asked, and text
// from outside that is hostile on purpose.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/core/report.h"

namespace rollcall::testing_support {

inline constexpr FindingDef kSampleMissing{
    "RC201", Severity::kCritical, "published but missing on the pod",
    "The database says it is published, the pod answers 404.", "restart the pod"};
inline constexpr FindingDef kSampleServed{
    "RC205", Severity::kCritical, "served though not published",
    "The pod still serves what the database no longer has as published.", "restart the pod"};
inline constexpr FindingDef kSampleSkew{"RC110", Severity::kWarning, "pods run different versions",
                                        "A rollout is under way or stuck.", "finish the rollout"};
inline constexpr FindingDef kSampleNote{"RC190", Severity::kInfo, "the site is private",
                                        "Pages answer with a password form.",
                                        "nothing to do when this is meant"};

inline WallTime sampleTime(int seconds = 0) {
  return WallTime{std::chrono::seconds(1'767'261'600 + seconds)};  // 2026-01-01T10:00:00Z
}

inline Site sampleSite() {
  Site site;
  site.url = {"https", "example.org", 443, "/"};
  site.admin = site.url;
  site.title = "The Example Gazette";
  return site;
}

inline Topology sampleTopology(int pods = 3) {
  Topology topology;
  for (int i = 1; i <= pods; ++i) {
    Pod pod;
    pod.name = "pod-" + std::to_string(i);
    pod.host = "10.0.0." + std::to_string(i);
    topology.pods.push_back(pod);
  }
  return topology;
}

inline Finding sampleMissing(const std::string& pod, const std::string& slug,
                             const std::string& id) {
  Finding finding;
  finding.def = &kSampleMissing;
  finding.pod = pod;
  finding.resource = ResourceRef{"post", id, slug, "https://example.org/" + slug + "/"};
  finding.message = pod + " answers 404 for https://example.org/" + slug + "/";
  finding.cause =
      pod +
      " booted at 09:58:00Z and the post was published at 09:59:30Z; Ghost 5.130 keeps its "
      "routes in memory and learns of new posts only when it boots.";
  finding.evidence = {{"confirmed", "true"}, {"status", "404"}};
  finding.reproduce = "curl -sS -o /dev/null -w '%{http_code}\\n' --connect-to example.org:443:" +
                      std::string("10.0.0.") + pod.back() + ":2368 https://example.org/" + slug +
                      "/";
  finding.remedy = "restart " + pod + ": kubectl delete pod " + pod;
  finding.since = sampleTime(-30);
  return finding;
}

inline CheckRun samplePodsRun(const Topology& topology) {
  CheckRun run;
  run.check = "pods";
  run.started = sampleTime();
  run.took = std::chrono::milliseconds(41);
  for (const Pod& pod : topology.pods)
    run.outcome.tally.pods[pod.name] = {true, false, "5.130", sampleTime(-120)};
  run.verdict = judge(run.outcome, run.error);
  return run;
}

inline CheckRun samplePostsRun() {
  CheckRun run;
  run.check = "posts";
  run.started = sampleTime();
  run.took = std::chrono::milliseconds(1234);
  run.outcome.tally.resources = {{"page", 12}, {"post", 1024}};
  run.outcome.tally.restart = {.emailsInFlight = 0, .postsDueSoon = 0, .migrationLocked = false};
  return run;
}

inline Report sampleReportOf(std::vector<CheckRun> runs, const Topology& topology) {
  Report report = makeReport(sampleSite(), topology, std::move(runs));
  report.started = sampleTime();
  report.took = std::chrono::milliseconds(1300);
  report.databaseUp = true;
  report.leads = true;
  return report;
}

// All is well.
inline Report samplePass() {
  const Topology topology = sampleTopology();
  CheckRun posts = samplePostsRun();
  for (const Pod& pod : topology.pods)
    posts.outcome.tally.podResources[{pod.name, "post", "ok"}] = 1024;
  posts.outcome.tally.propagationSeconds = {0.4, 1.5};
  posts.verdict = Verdict::kPass;
  return sampleReportOf({samplePodsRun(topology), posts}, topology);
}

// pod-2 and pod-3 lack posts, a warning, a note, a gap, a check that does not apply and one that
// could not run.
inline Report sampleFail() {
  const Topology topology = sampleTopology();
  CheckRun pods = samplePodsRun(topology);
  pods.outcome.tally.pods["pod-3"].version = "5.129";
  Finding skew;
  skew.def = &kSampleSkew;
  skew.message = "pod-1 and pod-2 run 5.130, pod-3 runs 5.129";
  pods.outcome.findings.push_back(skew);
  pods.outcome.tally.volumes = {
      {"", {.writeSeconds = 0.004, .sizeBytes = 1000, .freeBytes = 400, .freeInodes = 30}},
      {"pod-1", {.writeSeconds = 0.008, .sizeBytes = 1000, .freeBytes = 400, .freeInodes = 30}},
      {"pod-2", {.hungSince = sampleTime(-60)}}};
  pods.outcome.tally.volumeUp = {{"pod-1", true}, {"pod-2", false}};
  pods.outcome.tally.commandNumbers = {{"disk", "/srv", "", "bytes", 2048},
                                       {"front-page", "time", "pod-1", "seconds", 0.02}};
  pods.verdict = judge(pods.outcome, pods.error);

  CheckRun posts = samplePostsRun();
  for (int i = 5; i >= 1; --i)
    posts.outcome.findings.push_back(sampleMissing("pod-2", "story-" + std::to_string(i),
                                                   "64b7f000000000000000000" + std::to_string(i)));
  posts.outcome.findings.push_back(sampleMissing("pod-3", "story-5", "64b7f0000000000000000005"));
  posts.outcome.tally.restart.postsDueSoon = 1;
  posts.outcome.tally.podResources = {{{"pod-1", "post", "ok"}, 1024},
                                      {{"pod-2", "post", "missing"}, 5},
                                      {{"pod-2", "post", "ok"}, 1019},
                                      {{"pod-3", "post", "missing"}, 1},
                                      {{"pod-3", "post", "ok"}, 1023}};
  posts.outcome.gaps.push_back(
      {"pod-3", "2 of 20 newest posts", {ErrorCode::kDeadlineExceeded, "no answer within 5 s"}});
  posts.outcome.notes = {"3 posts changed within the last 5 s and are not judged yet"};
  posts.verdict = judge(posts.outcome, posts.error);

  CheckRun archives;
  archives.check = "archives";
  archives.started = sampleTime();
  archives.took = std::chrono::milliseconds(5003);
  archives.error = Error{ErrorCode::kUnavailable,
                         "the database at mysql://ghost@db:3306/ghost refused the connection"};
  archives.verdict = Verdict::kUnknown;

  CheckRun sitemap;
  sitemap.check = "sitemap";
  sitemap.started = sampleTime();
  sitemap.outcome.notApplicable = "the site is private: sitemaps are behind its password";
  sitemap.verdict = Verdict::kNotApplicable;
  return sampleReportOf({archives, pods, posts, sitemap}, topology);
}

// Everything that comes from outside tries to break out: of the terminal, of HTML, XML, perfdata,
// labels and UTF-8.
inline Report sampleHostile() {
  const std::string evil =
      "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>&amp;\"'|=;\r\n\xff\xc3(\xe2\x80\xae]]>\x9b";
  Topology topology = sampleTopology(1);
  topology.pods[0].name = evil;
  topology.pods[0].host = evil;
  topology.stale = evil;
  CheckRun run;
  run.check = "posts";
  run.took = std::chrono::milliseconds(1);
  run.outcome.tally.pods[evil] = {true, true, evil, std::nullopt};
  run.outcome.tally.resources[evil] = 1;
  run.outcome.tally.podResources[{evil, evil, evil}] = 1;
  Finding finding = sampleMissing(evil, evil, evil);
  finding.message = finding.cause = finding.reproduce = finding.remedy = evil;
  finding.evidence = {{evil, evil}};
  run.outcome.findings.push_back(finding);
  run.outcome.gaps.push_back({evil, evil, {ErrorCode::kProtocol, evil}});
  run.outcome.notes = {evil};
  run.verdict = Verdict::kFail;
  Report report = sampleReportOf({run}, topology);
  report.site.title = evil;
  return report;
}

// pod-1 still serves a draft: its slug must not be shown to everybody.
inline Report sampleDraft() {
  const Topology topology = sampleTopology();
  CheckRun posts = samplePostsRun();
  Finding finding = sampleMissing("pod-1", "secret-plan", "64b7f0000000000000000009");
  finding.def = &kSampleServed;
  finding.message = "pod-1 serves https://example.org/secret-plan/ which is a draft";
  finding.cause = "secret-plan was unpublished";
  finding.evidence = {{"db_status", "draft"}, {"location", "/secret-plan/"}};
  posts.outcome.findings.push_back(finding);
  posts.verdict = judge(posts.outcome, posts.error);
  return sampleReportOf({samplePodsRun(topology), posts}, topology);
}

}  // namespace rollcall::testing_support
