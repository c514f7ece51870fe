// When a volume will be full, told from how it filled up so far. Pure but for what is remembered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/content/volume_probe.h"

namespace rollcall::checks::volume {

inline constexpr Duration kSampleRhythm = std::chrono::minutes(10);
inline constexpr Duration kLongestHistory = std::chrono::hours(24);
inline constexpr Duration kLeastHistory = std::chrono::hours(6);

struct Sample {
  MonoTime at{};
  std::uint64_t size = 0;
  std::uint64_t free = 0;
  std::uint64_t inodes = 0;
  std::uint64_t freeInodes = 0;
};

// From now until nothing is left; nothing where that is not foreseeable.
struct Forecast {
  std::optional<Duration> full;
  std::optional<Duration> noInodes;
  Duration history{};  // it rests on this
};

// Adds what is seen `now` unless the last sample is younger than the rhythm; forgets what is too
// old, and everything when the volume was given another size.
void addSample(std::vector<Sample>& samples, MonoTime now, const VolumeSpace& space);
// By the pace of the whole history and of its later half, whichever is slower: one large upload is
// no pace.
Forecast forecastOf(const std::vector<Sample>& samples, MonoTime now, const VolumeSpace& space);

// The samples of all mounts of all places.
class Trends {
 public:
  // Takes in what was seen and forecasts, by mount point. `pod` as in Place.
  std::map<std::string, Forecast> note(const std::string& pod, const std::vector<MountLook>& looks,
                                       MonoTime now);

 private:
  std::map<std::pair<std::string, std::string>, std::vector<Sample>> samples_;  // by pod and point
};

}  // namespace rollcall::checks::volume
