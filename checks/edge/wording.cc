#include "checks/edge/wording.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "checks/edge/codes.h"
#include "daemon/core/shell_word.h"

namespace rollcall::checks::edge {
namespace {

constexpr std::size_t kShownNames = 5;

std::string answerOf(const Sight& sight) {
  if (sight.location.empty()) return std::to_string(sight.status);
  return fmt::format("{} to {}", sight.status, sight.location);
}

Code codeOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kStale:
      return kStaleCode;
    case Verdict::kZombie:
      return kZombieCode;
    case Verdict::kSplit:
      return kSplitCode;
    case Verdict::kPoisoned:
    case Verdict::kFine:
    case Verdict::kGap:
    case Verdict::kMended:
    case Verdict::kPodsWrong:
    case Verdict::kUnripe:
      break;
  }
  return kPoisonedCode;
}

std::string what(const Page& page) {
  return page.resource.type.empty() ? page.path
                                    : fmt::format("the {} {}", page.resource.type, page.path);
}

std::string messageOf(Verdict verdict, const Scene& scene) {
  const Sight& last = scene.tries.back();
  const std::size_t pods = scene.pods.size();
  switch (verdict) {
    case Verdict::kPoisoned:
      return fmt::format("the edge answers {} for {}, twice, and all {} pods serve it",
                         answerOf(last), what(scene.page), pods);
    case Verdict::kStale:
      return fmt::format("the edge serves an older copy of {} than all {} pods", what(scene.page),
                         pods);
    case Verdict::kZombie:
      return fmt::format("the edge still serves {}, which is {} and which no pod serves",
                         what(scene.page),
                         scene.page.status == "deleted" ? "deleted" : "not public");
    case Verdict::kSplit:
      return fmt::format("the edge answers {} for {}, and {} when asked again",
                         answerOf(scene.tries.front()), what(scene.page), answerOf(last));
    case Verdict::kFine:
    case Verdict::kGap:
    case Verdict::kMended:
    case Verdict::kPodsWrong:
    case Verdict::kUnripe:
      break;
  }
  return {};
}

std::string podsText(const Scene& scene, bool wrong) {
  const Shown right = scene.page.isPublic ? Shown::kServed : Shown::kAbsent;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < scene.pods.size(); ++i)
    if ((scene.pods[i].shown != right) == wrong) names.push_back(scene.podNames[i]);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string causeOf(Verdict verdict, const Scene& scene) {
  const Sight& last = scene.tries.back();
  const std::string who(last.cdn == Cdn::kNone ? "a cache that does not show itself"
                                               : name(last.cdn));
  switch (verdict) {
    case Verdict::kPoisoned:
      return fmt::format(
          "{} keeps what one pod once answered wrongly{}", who,
          last.status == 301 ? " (301 with a long lifetime, as Ghost 6.56 sends it)" : "");
    case Verdict::kStale:
      return fmt::format("{} keeps a copy from before the change", who);
    case Verdict::kZombie:
      return fmt::format("{} keeps a copy from before it was taken back", who);
    case Verdict::kSplit:
      if (const std::string wrong = podsText(scene, true); !wrong.empty())
        return fmt::format("behind the edge is a stale pod: {}", wrong);
      return "every pod that Rollcall knows agrees: there is another pod behind the edge, or one "
             "cache node keeps an error";
    case Verdict::kFine:
    case Verdict::kGap:
    case Verdict::kMended:
    case Verdict::kPodsWrong:
    case Verdict::kUnripe:
      break;
  }
  return {};
}

}  // namespace

Finding findingOf(Verdict verdict, const Scene& scene) {
  const Sight& last = scene.tries.back();
  Finding finding;
  finding.def = &findings()[codeOf(verdict)];
  if (!scene.page.resource.type.empty()) finding.resource = scene.page.resource;
  finding.message = messageOf(verdict, scene);
  finding.cause = causeOf(verdict, scene);
  finding.evidence = last.marks;
  finding.evidence["status"] = std::to_string(last.status);
  finding.evidence["cdn"] = name(last.cdn);
  if (!last.location.empty()) finding.evidence["location"] = last.location;
  for (std::size_t i = 0; i < scene.pods.size(); ++i)
    finding.evidence["pod " + scene.podNames[i]] = answerOf(scene.pods[i]);
  if (last.stamp) finding.evidence["edge_modified"] = formatTime(*last.stamp);
  if (const auto& stamp = scene.pods.front().stamp)
    finding.evidence["pods_modified"] = formatTime(*stamp);
  if (!scene.page.isPublic) finding.evidence["db_status"] = scene.page.status;
  finding.reproduce = "curl -sS -D - -o /dev/null " + shellWord(scene.url);
  finding.remedy = verdict == Verdict::kSplit ? std::string(finding.def->remedy)
                                              : purgeCommand(last.cdn, scene.url);
  return finding;
}

Finding findingOf(Trust trust, const Certificate& certificate, const Url& edge, WallTime now) {
  const std::string& host = edge.host;
  Finding finding;
  std::vector<std::string> names(
      certificate.names.begin(),
      certificate.names.begin() +
          static_cast<std::ptrdiff_t>(std::min(kShownNames, certificate.names.size())));
  const std::string of = names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
  switch (trust) {
    case Trust::kOtherHost:
      finding.def = &findings()[kOtherHostCode];
      finding.message = fmt::format("the certificate shown for {} is for {}", host, of);
      break;
    case Trust::kExpiring:
      finding.def = &findings()[kExpiringCode];
      finding.message = fmt::format("the certificate for {} ends in {}", host,
                                    formatDuration(elapsed(now, certificate.notAfter)));
      break;
    case Trust::kNotNow:
    case Trust::kGood:
      finding.def = &findings()[kExpiredCode];
      finding.message = now < certificate.notBefore
                            ? fmt::format("the certificate for {} is valid from {}", host,
                                          formatTime(certificate.notBefore))
                            : fmt::format("the certificate for {} has expired {} ago", host,
                                          formatDuration(elapsed(certificate.notAfter, now)));
      break;
  }
  finding.evidence = {{"names", of},
                      {"not_before", formatTime(certificate.notBefore)},
                      {"not_after", formatTime(certificate.notAfter)},
                      {"issuer", certificate.issuer}};
  finding.reproduce = fmt::format(
      "openssl s_client -connect {0}:{1} -servername {0} </dev/null | openssl x509 -noout -text",
      host, edge.port);
  finding.remedy = finding.def->remedy;
  return finding;
}

}  // namespace rollcall::checks::edge
