// When a scheduled post is overdue, a newsletter stuck, a schedule fired twice. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/topology.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::schedule {

// A post or page that waits for its time.
struct Scheduled {
  std::string type;  // post or page
  std::string id;
  std::string slug;
  WallTime due{};
  std::optional<WallTime> savedAt;  // its last save: no timer for it is older
  Duration late{};                  // by the database's clock; negative before its time
};

// A newsletter that is not out yet.
struct Email {
  std::string id;
  std::string postId;
  std::string status;  // pending or submitting
  std::uint64_t recipients = 0;
  Duration age{};  // since its status changed, by the database's clock
};

// Timers of several pods that published one post saved it 50 to 655 ms apart.
inline constexpr std::chrono::milliseconds kTogether{1500};

// Two saves of one post as published, within kTogether, with the same title and text.
struct Pair {
  std::string type;
  std::string id;
  std::string slug;
  WallTime due{};
  std::int64_t first = 0;  // Unix time in milliseconds
  std::int64_t second = 0;
  std::string before;  // the post's status at the save before both; empty = none is known
};

// Rows as the questions of check.cc give them; what has no date or number is dropped.
std::vector<Scheduled> readScheduled(const std::vector<Row>& rows);
std::vector<Email> readEmails(const std::vector<Row>& rows);
std::vector<Pair> readPairs(const std::vector<Row>& rows);

// Posts that are due within kDueSoon or were due less than `grace` ago: a timer may fire now.
std::uint64_t dueSoon(const std::vector<Scheduled>& posts, Duration grace);

// Whether nobody can be at it any more: Ghost itself allows 26 s for each 1,000 recipients.
bool isStuck(const Email& email, Duration patience);

// When posts are due that are known to have been scheduled, by id.
using KnownDue = std::map<std::string, WallTime>;
// One pair per post: those where the schedule made both saves. That a post was scheduled is known
// from the save before them, or because it is in `known`; a person who saves twice is no schedule.
std::vector<Pair> firedTwice(const std::vector<Pair>& pairs, const KnownDue& known);

// Whether any pod holds a timer for a post saved at `savedAt`, as far as starts of pods are known.
std::string whoHoldsTheTimer(const Topology& topology, std::optional<WallTime> savedAt);

}  // namespace rollcall::checks::schedule
