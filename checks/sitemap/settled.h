// When a suspect may be claimed: a change needs time to settle, and what has been claimed once is
// not taken back because of a later edit. Pure: time is an argument.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/sitemap/expected.h"
#include "checks/sitemap/listing.h"
#include "daemon/core/clock.h"

namespace rollcall::checks::sitemap {

struct Moment {
  WallTime now;  // the database's clock when its rows were read
  MonoTime mono;
  Duration settle;
  bool daemon = true;  // runs follow each other; false: one shot, nothing to wait for
};

struct Sifted {
  std::vector<Suspect> due;
  std::size_t settling = 0;
  std::optional<Duration> again;  // when the first of the settling ones is due
};

// Remembers between runs. Not thread-safe.
class Patience {
 public:
  // `pods` holds the names by Suspect::pod; every pod of `suspects` was looked at.
  Sifted sift(const Expected& expected, const Strays& strays, const std::vector<std::string>& pods,
              const std::vector<Suspect>& suspects, const Moment& moment);
  bool wasClaimed(const Expected& expected, const Strays& strays, std::string_view pod,
                  const Suspect& suspect) const;
  // Replaces what is known of each pod by `claims`; pods that are not `whole` keep what was known.
  void remember(const Expected& expected, const Strays& strays,
                const std::vector<std::string>& pods, const std::vector<bool>& whole,
                const std::vector<Suspect>& claims);

 private:
  using Key = std::uint64_t;  // of fault and resource
  struct Known {
    std::vector<Key> claimed;  // sorted
    std::unordered_map<Key, MonoTime> firstSeen;
  };
  static Key keyOf(const Expected& expected, const Strays& strays, const Suspect& suspect);

  std::map<std::string, Known, std::less<>> byPod_;
};

}  // namespace rollcall::checks::sitemap
