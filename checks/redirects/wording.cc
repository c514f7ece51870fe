#include "checks/redirects/wording.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::redirects {
namespace {

constexpr std::size_t kListed = 5;
constexpr std::size_t kTargetBytes = 120;

constexpr std::string_view kRestart =
    "restart the named pod (kubectl delete pod NAME), or upload the redirects file again through "
    "it";
constexpr std::string_view kRestartForOffers = "restart the named pod (kubectl delete pod NAME)";

std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, kTargetBytes))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > kTargetBytes ? clean + "..." : clean;
}

std::string wanted(const Claim& claim) {
  const Expectation& expected = claim.question.expected;
  return fmt::format("{} ({})", shown(expected.to), expected.status());
}

std::string seen(const Claim& claim) {
  if (claim.answer.location.empty()) return std::to_string(claim.answer.status);
  return fmt::format("{} to {}", claim.answer.status, shown(claim.answer.location));
}

// "/old should lead to /new/ (301), but the pod answers 404"
std::string describe(const Claim& claim) {
  const std::string& path = claim.question.expected.path;
  if (claim.question.removed) return fmt::format("{} still leads to {}", path, wanted(claim));
  return fmt::format("{} should lead to {}, the answer is {}", path, wanted(claim), seen(claim));
}

std::string listOf(const std::vector<const Claim*>& claims) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kListed, claims.size()); ++i)
    text += (i > 0 ? "; " : "") + describe(*claims[i]);
  if (claims.size() > kListed) text += fmt::format("; and {} more", claims.size() - kListed);
  return text;
}

std::string headOf(const Scene& scene) {
  const std::size_t count = scene.claims.size();
  const std::string_view plural = count == 1 ? "" : "s";
  switch (scene.code) {
    case kRc551:
      return fmt::format("{} does not know {} redirect{}", scene.pod, count, plural);
    case kRc552:
      return fmt::format("{} redirects {} path{} elsewhere", scene.pod, count, plural);
    case kRc553:
      return fmt::format("{} follows {} redirect{} that were removed", scene.pod, count, plural);
    case kRc554:
      return fmt::format("no pod follows {} redirect{} as the file has them", count, plural);
    case kRc556:
      return fmt::format("{} does not know the link of {} offer{}", scene.pod, count, plural);
    case kRc557:
      return fmt::format("no pod knows the link of {} offer{}", count, plural);
    case kRc555:
      break;
  }
  return "";
}

std::string causeOf(const Scene& scene) {
  const std::string since =
      scene.changed.empty() ? "" : fmt::format(" (the file was changed {})", scene.changed);
  switch (scene.code) {
    case kRc551:
    case kRc552:
    case kRc553:
      return fmt::format(
          "Ghost keeps redirects in each process: it reads {} at boot and when it is uploaded "
          "through this very pod{}; other pods answer otherwise",
          scene.place, since);
    case kRc554:
      return fmt::format(
          "Ghost reads {} at boot and when it is uploaded: it was changed by hand{}, or Ghost "
          "refused it at boot (its log says so)",
          scene.place, since);
    case kRc556:
      return "Ghost keeps the links of offers in each process: the offer was made or changed "
             "through another pod and this one has not been restarted since";
    case kRc557:
      return "the offer was not made through one of these pods, and none was restarted since";
    case kRc555:
      break;
  }
  return "";
}

std::string remedyOf(const Scene& scene) {
  switch (scene.code) {
    case kRc551:
    case kRc552:
      return fmt::format(
          "restart {0}: kubectl delete pod {0}; or upload the redirects file again through it",
          scene.pod);
    case kRc553: {
      const bool offer = std::ranges::any_of(
          scene.claims, [](const Claim* claim) { return claim->question.expected.offer; });
      return fmt::format("restart {0}: kubectl delete pod {0}{1}", scene.pod,
                         offer ? "" : "; or upload the redirects file again through it");
    }
    case kRc556:
      return fmt::format("restart {0}: kubectl delete pod {0}", scene.pod);
    case kRc554:
      return "restart the pods one after the other, or upload the redirects file again through "
             "each";
    case kRc557:
      return "restart the pods one after the other";
    case kRc555:
      break;
  }
  return "";
}

}  // namespace

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> all = {
      {"RC551", Severity::kCritical, "a pod does not know a redirect",
       "The redirects file has a rule that other pods follow; readers this pod serves get 404. "
       "Ghost reads the file at boot and when it is uploaded through this very pod.",
       kRestart},
      {"RC552", Severity::kCritical, "a pod redirects elsewhere than the redirects file says",
       "The rule had another target, or was permanent and is not any more; this pod did not hear "
       "of the change. A permanent redirect is kept by browsers and CDNs for a year.",
       kRestart},
      {"RC553", Severity::kWarning, "a pod follows a redirect that was removed",
       "The rule, or the offer's old code, is gone; this pod did not hear of it.", kRestart},
      {"RC554", Severity::kWarning, "no pod follows the redirects file",
       "The file was changed by hand, or through a pod that is gone: Ghost reads it at boot and "
       "when it is uploaded, never by itself.",
       "restart the pods one after the other, or upload the redirects file again through each"},
      {"RC555", Severity::kWarning, "Ghost cannot use the redirects file",
       "Pods that run go on with the redirects they have; one that boots has none (5.x), or not "
       "those that are wrong.",
       "mend the file, and upload it through each pod"},
      {"RC556", Severity::kCritical, "a pod does not know an offer's link",
       "The offer is in the database, and readers this pod serves get 404 for its link. Archived "
       "offers keep their link.",
       kRestartForOffers},
      {"RC557", Severity::kWarning, "no pod knows an offer's link",
       "The offer is in the database, and its link answers on no pod.",
       "restart the pods one after the other"},
  };
  return all;
}

Code codeOf(const Claim& claim, bool allPods) {
  if (claim.question.removed) return allPods ? kRc554 : kRc553;
  if (claim.question.expected.offer) return allPods ? kRc557 : kRc556;
  if (allPods) return kRc554;
  return claim.answer.seen == Seen::kElsewhere ? kRc552 : kRc551;
}

Finding findingOf(const Scene& scene) {
  const Claim& first = *scene.claims.front();
  Finding finding;
  finding.def = &findings()[scene.code];
  finding.pod = scene.pod;
  finding.message = headOf(scene) + ": " + listOf(scene.claims);
  finding.cause = causeOf(scene);
  finding.evidence["path"] = first.question.expected.path;
  finding.evidence["target"] = shown(first.question.expected.to);
  finding.evidence["status"] = std::to_string(first.answer.status);
  if (!first.answer.location.empty()) finding.evidence["location"] = shown(first.answer.location);
  finding.evidence["redirects"] = std::to_string(scene.claims.size());
  if (!scene.changed.empty()) finding.evidence["changed"] = scene.changed;
  finding.remedy = remedyOf(scene);
  return finding;
}

Finding brokenFile(const std::string& place, const std::string& why) {
  Finding finding;
  finding.def = &findings()[kRc555];
  finding.message = fmt::format("{} cannot be used by Ghost: {}", place, why);
  finding.cause = "it was written by hand: Ghost refuses such a file when it is uploaded";
  finding.evidence["why"] = why;
  finding.remedy = "mend the file, then upload it through each pod";
  return finding;
}

}  // namespace rollcall::checks::redirects
