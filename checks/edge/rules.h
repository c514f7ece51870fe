// From what every pod says and what the edge said, to what may be claimed of the edge. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/edge/sight.h"
#include "daemon/core/clock.h"
#include "daemon/net/certificate.h"

namespace rollcall::checks::edge {

// In milliseconds, as dates are: nanoseconds cannot count to the year 9999.
struct Limits {
  std::chrono::milliseconds settle;      // a change younger than this is not judged
  std::chrono::milliseconds allowedAge;  // how old a good answer may be
};

// Whether asking the edge can do harm: where a pod gives a wrong answer, or none but "not there",
// and a cache may keep that, our own question could be the one that is kept. A pod that could not
// be asked may be wrong. What is public and no pod serves has nothing to be compared with.
enum class Leave { kAsk, kPodUnseen, kPodWouldPoison, kNoPodServes, kSettling };
Leave mayAsk(const Page& page, const std::vector<Sight>& pods, WallTime now, const Limits& limits);

enum class Verdict {
  kFine,
  kGap,  // the edge gave no answer that says anything
  kPoisoned,
  kStale,
  kZombie,
  kSplit,
  kMended,     // wrong, and right when asked again: a copy that was renewed, or a split; ask again
  kPodsWrong,  // the edge is no worse than a pod: a matter of other checks
  kUnripe,     // not fine, but younger than the limits, or seen once only
};
// Whether it is told as a finding.
bool isClaim(Verdict verdict);

// After so many tries an answer that became right is fine.
inline constexpr std::size_t kMaxTries = 4;

// Of one page; `tries` are the edge's answers in order. Nothing is claimed on one try.
Verdict judge(const Page& page, const std::vector<Sight>& pods, const std::vector<Sight>& tries,
              WallTime now, const Limits& limits);

// How a certificate is for readers.
enum class Trust { kGood, kExpiring, kNotNow, kOtherHost };
Trust judgeCertificate(const Certificate& certificate, bool isForHost, WallTime now,
                       Duration warnBefore);

// What `http://` leads to.
enum class PlainHttp { kRedirects, kShows, kUnclear };
PlainHttp judgePlainHttp(const Result<HttpResponse>& answer);

// What is amiss with how a page may be kept; the texts are sentences, empty when all is well.
struct Upkeep {
  std::string notKept, notPacked, cookie;
};
Upkeep judgeUpkeep(const HttpResponse& answer);

}  // namespace rollcall::checks::edge
