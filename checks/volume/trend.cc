#include "checks/volume/trend.h"

#include <algorithm>
#include <span>

#include "checks/volume/rules.h"

namespace rollcall::checks::volume {
namespace {

using Seconds = std::chrono::duration<double>;

// How much less there is each second: least squares. Nothing where it does not become less.
std::optional<double> paceOf(std::span<const Sample> samples, std::uint64_t Sample::*what) {
  if (samples.size() < 2) return std::nullopt;
  const auto count = static_cast<double>(samples.size());
  double meanTime = 0;
  double meanLeft = 0;
  const auto timeOf = [&](const Sample& one) { return Seconds(one.at - samples[0].at).count(); };
  for (const Sample& one : samples) {
    meanTime += timeOf(one) / count;
    meanLeft += static_cast<double>(one.*what) / count;
  }
  double together = 0;
  double spread = 0;
  for (const Sample& one : samples) {
    const double time = timeOf(one) - meanTime;
    together += time * (static_cast<double>(one.*what) - meanLeft);
    spread += time * time;
  }
  if (spread <= 0 || together >= 0) return std::nullopt;
  return -together / spread;
}

std::optional<Duration> untilNothing(std::span<const Sample> samples, std::uint64_t Sample::*what,
                                     std::uint64_t left) {
  const Sample& first = samples.front();
  const MonoTime middle = first.at + (samples.back().at - first.at) / 2;
  const auto half =
      std::ranges::find_if(samples, [&](const auto& one) { return one.at >= middle; });
  const auto whole = paceOf(samples, what);
  const auto later = paceOf({half, samples.end()}, what);
  if (!whole || !later) return std::nullopt;
  const Seconds until(static_cast<double>(left) / std::min(*whole, *later));
  if (until > std::chrono::days(3650)) return std::nullopt;
  return std::chrono::duration_cast<Duration>(until);
}

// What is most in need of a look at one mount; folders of one mount may lie elsewhere, too.
const VolumeSpace* tightest(const MountLook& mount) {
  const VolumeSpace* found = nullptr;
  for (const FolderLook& look : mount.folders)
    if (look.space && (!found || look.space->free < found->free)) found = &*look.space;
  return found;
}

}  // namespace

void addSample(std::vector<Sample>& samples, MonoTime now, const VolumeSpace& space) {
  if (!samples.empty() && samples.back().size != space.size) samples.clear();
  std::erase_if(samples, [&](const Sample& one) { return now - one.at > kLongestHistory; });
  if (!samples.empty() && now - samples.back().at < kSampleRhythm) return;
  samples.push_back({now, space.size, space.free, space.inodes, space.freeInodes});
}

Forecast forecastOf(const std::vector<Sample>& samples, MonoTime now, const VolumeSpace& space) {
  if (samples.empty()) return {};
  Forecast forecast{.full = {}, .noInodes = {}, .history = now - samples.front().at};
  if (forecast.history < kLeastHistory) return forecast;
  if (space.size > 0) forecast.full = untilNothing(samples, &Sample::free, space.free);
  if (space.inodes > 0)
    forecast.noInodes = untilNothing(samples, &Sample::freeInodes, space.freeInodes);
  return forecast;
}

std::map<std::string, Forecast> Trends::note(const std::string& pod,
                                             const std::vector<MountLook>& looks, MonoTime now) {
  std::map<std::string, Forecast> forecasts;
  for (const MountLook& mount : looks) {
    const VolumeSpace* space = mount.hungSince ? nullptr : tightest(mount);
    if (!space) continue;
    std::vector<Sample>& samples = samples_[{pod, mount.mount.point}];
    addSample(samples, now, *space);
    forecasts[mount.mount.point] = forecastOf(samples, now, *space);
  }
  const auto isMounted = [&](const std::string& point) {
    return std::ranges::any_of(looks, [&](const auto& one) { return one.mount.point == point; });
  };
  std::erase_if(samples_, [&](const auto& one) {
    return (one.first.first == pod && !isMounted(one.first.second)) ||
           now - one.second.back().at > kLongestHistory;
  });
  return forecasts;
}

}  // namespace rollcall::checks::volume
