#include "checks/images/judge.h"

#include <algorithm>
#include <chrono>

namespace rollcall::checks::images {
namespace {

constexpr std::size_t kMany = 3;

// Whether Ghost itself serves it from a folder: others fetch it from a bucket, of which the content
// folder says nothing.
bool fromFolder(const Sight& sight) {
  return sight.changed.has_value();
}

// Dates are cut or rounded to milliseconds.
bool isOf(const Sight& sight, const OnVolume& volume) {
  if (!fromFolder(sight) || sight.size != volume.size) return false;
  return std::chrono::abs(*sight.changed - volume.changed) <= std::chrono::milliseconds(1);
}

// Which of the versions that `serving` show is the right one, as a pod that has it: that of the
// content folder, else that of most pods.
std::optional<std::size_t> rightOne(const FileLook& look, const std::vector<std::size_t>& serving) {
  std::optional<std::size_t> best;
  std::size_t most = 0;
  bool tie = false;
  for (const std::size_t pod : serving) {
    const auto same = static_cast<std::size_t>(std::ranges::count_if(
        serving, [&](std::size_t other) { return look.pods[pod].sameVersion(look.pods[other]); }));
    const bool another = best && !look.pods[pod].sameVersion(look.pods[*best]);
    if (look.volume.there == There::kYes && isOf(look.pods[pod], look.volume)) return pod;
    if (same == most && another) tie = true;
    if (same > most) best = pod, most = same, tie = false;
  }
  return tie ? std::nullopt : best;
}

bool isYoung(const FileLook& look, const std::vector<std::size_t>& serving, WallTime now) {
  const auto young = [&](WallTime changed) { return changed > now - kCaches; };
  if (look.volume.there == There::kYes && young(look.volume.changed)) return true;
  return std::ranges::any_of(serving, [&](std::size_t pod) {
    const auto& changed = look.pods[pod].changed;
    return changed && young(*changed);
  });
}

void judgeFailing(const FileLook& look, std::vector<Claim>& claims) {
  const auto failing = look.those(Got::kFailing);
  const bool others = look.count(Got::kServed) + look.count(Got::kMissing) > 0;
  if (!failing.empty() && !others) claims.push_back({Code::kFailing, std::nullopt, look.path});
  if (others)
    for (const std::size_t pod : failing) claims.push_back({Code::kFailing, pod, look.path});
}

// No pod serves it.
void judgeMissing(const FileLook& look, bool known, std::vector<Claim>& claims) {
  if (look.count(Got::kMissing) == 0 || look.count(Got::kFailing) > 0) return;
  const bool all = look.count(Got::kUnknown) == 0;
  if (look.volume.there == There::kYes) {
    if (all) claims.push_back({Code::kOtherFolder, std::nullopt, look.path});
  } else if (all || known || look.volume.there == There::kNo) {
    claims.push_back({Code::kMissing, std::nullopt, look.path});
  }
}

void judgeVersions(const FileLook& look, std::vector<Claim>& claims) {
  const auto serving = look.those(Got::kServed);
  const auto right = rightOne(look, serving);
  const auto same = [&](std::size_t pod) {
    return look.pods[pod].sameVersion(look.pods[right.value_or(serving[0])]);
  };
  if (!std::ranges::all_of(serving, same)) {
    if (!right) claims.push_back({Code::kOtherVersion, std::nullopt, look.path});
    for (const std::size_t pod : serving)
      if (right && !same(pod)) claims.push_back({Code::kOtherVersion, pod, look.path});
    return;
  }
  const Sight& sight = look.pods[serving[0]];
  if (!sight.size) return;
  if (look.volume.there == There::kYes && fromFolder(sight) && sight.size != look.volume.size)
    claims.push_back({Code::kOtherFolder, std::nullopt, look.path});
  // An empty download may be meant so; an empty picture cannot.
  else if (sight.size == 0u && !look.path.starts_with("files/"))
    claims.push_back({Code::kEmpty, std::nullopt, look.path});
}

}  // namespace

std::size_t FileLook::count(Got got) const {
  return static_cast<std::size_t>(std::ranges::count(pods, got, &Sight::got));
}

std::vector<std::size_t> FileLook::those(Got got) const {
  std::vector<std::size_t> result;
  for (std::size_t pod = 0; pod < pods.size(); ++pod)
    if (pods[pod].got == got) result.push_back(pod);
  return result;
}

std::vector<Claim> judge(const FileLook& look, bool known, WallTime now) {
  std::vector<Claim> claims;
  if (look.count(Got::kUnclear) > 0) return claims;
  judgeFailing(look, claims);
  const auto serving = look.those(Got::kServed);
  if (serving.empty()) {
    judgeMissing(look, known, claims);
    return claims;
  }
  for (const std::size_t pod : look.those(Got::kMissing))
    claims.push_back({Code::kNotServed, pod, look.path});
  if (isYoung(look, serving, now)) return claims;
  judgeVersions(look, claims);
  const bool ghosts =
      std::ranges::all_of(serving, [&](std::size_t pod) { return fromFolder(look.pods[pod]); });
  if (look.volume.there == There::kNo && ghosts && look.count(Got::kMissing) == 0)
    claims.push_back({Code::kOtherFolder, std::nullopt, look.path});
  return claims;
}

bool nothingIsThere(const std::vector<FileLook>& looks) {
  return looks.size() >= kMany && std::ranges::all_of(looks, [](const FileLook& look) {
           return look.count(Got::kMissing) > 0 && look.count(Got::kServed) == 0 &&
                  look.count(Got::kFailing) == 0 && look.volume.there != There::kYes;
         });
}

}  // namespace rollcall::checks::images
