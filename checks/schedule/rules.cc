#include "checks/schedule/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "daemon/core/finding.h"
#include "daemon/db/date_time.h"

namespace rollcall::checks::schedule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kPerThousand = seconds(26);
// Timers fire up to 70 ms early; the database cuts to seconds.
constexpr milliseconds kEarly{1500};

std::string textOf(const std::optional<std::string>& field) {
  return field.value_or("");
}

std::optional<std::int64_t> numberOf(const std::optional<std::string>& field) {
  if (!field) return std::nullopt;
  std::int64_t value = 0;
  const char* const end = field->data() + field->size();
  const auto [rest, error] = std::from_chars(field->data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

std::optional<WallTime> dateOf(const std::optional<std::string>& field) {
  return field ? parseDateTime(*field) : std::nullopt;
}

std::int64_t unixMilliseconds(WallTime time) {
  return time.time_since_epoch().count();
}

// Late ones too: a pod that boots publishes what is overdue.
bool notBeforeItsTime(const Pair& pair) {
  return pair.first >= unixMilliseconds(pair.due) - kEarly.count();
}

bool wasScheduled(const Pair& pair, const KnownDue& known) {
  if (pair.before == "scheduled") return true;
  if (pair.before == "published") return false;
  const auto seen = known.find(pair.id);
  return seen != known.end() && seen->second == pair.due;
}

}  // namespace

std::vector<Scheduled> readScheduled(const std::vector<Row>& rows) {
  std::vector<Scheduled> posts;
  for (const Row& row : rows) {
    if (row.size() < 6) continue;
    const auto due = dateOf(row[3]);
    const auto late = numberOf(row[5]);
    if (!due || !late) continue;
    posts.push_back({textOf(row[0]), textOf(row[1]), textOf(row[2]), *due, dateOf(row[4]),
                     bounded(seconds(*late))});
  }
  return posts;
}

std::vector<Email> readEmails(const std::vector<Row>& rows) {
  std::vector<Email> emails;
  for (const Row& row : rows) {
    if (row.size() < 5) continue;
    const auto recipients = numberOf(row[3]);
    emails.push_back({textOf(row[0]), textOf(row[1]), textOf(row[2]),
                      static_cast<std::uint64_t>(std::max<std::int64_t>(recipients.value_or(0), 0)),
                      bounded(seconds(numberOf(row[4]).value_or(0)))});
  }
  return emails;
}

std::vector<Pair> readPairs(const std::vector<Row>& rows) {
  std::vector<Pair> pairs;
  for (const Row& row : rows) {
    if (row.size() < 7) continue;
    const auto due = dateOf(row[3]);
    const auto first = numberOf(row[4]);
    const auto second = numberOf(row[5]);
    if (!due || !first || !second) continue;
    pairs.push_back(
        {textOf(row[0]), textOf(row[1]), textOf(row[2]), *due, *first, *second, textOf(row[6])});
  }
  return pairs;
}

std::uint64_t dueSoon(const std::vector<Scheduled>& posts, Duration grace) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      posts, [&](const Scheduled& post) { return post.late >= -kDueSoon && post.late <= grace; }));
}

bool isStuck(const Email& email, Duration patience) {
  const auto batches = static_cast<std::int64_t>((email.recipients + 999) / 1000);
  return email.age > patience + kPerThousand * std::min<std::int64_t>(batches, 10'000);
}

std::vector<Pair> firedTwice(const std::vector<Pair>& pairs, const KnownDue& known) {
  std::vector<Pair> fired;
  std::set<std::string> posts;
  for (const Pair& pair : pairs)
    if (notBeforeItsTime(pair) && wasScheduled(pair, known) && posts.insert(pair.id).second)
      fired.push_back(pair);
  return fired;
}

std::string whoHoldsTheTimer(const Topology& topology, std::optional<WallTime> savedAt) {
  std::string since;
  std::size_t known = 0;
  for (const Pod& pod : topology.pods) {
    if (!pod.startedAt || !savedAt) continue;
    ++known;
    if (*pod.startedAt > *savedAt)
      since += fmt::format("{}{} at {}", since.empty() ? "" : ", ", pod.name,
                           formatTime(*pod.startedAt));
  }
  if (!since.empty())
    return fmt::format(
        "pods that booted since it was scheduled hold a timer too ({}): their request to the "
        "site's url failed",
        since);
  if (known > 0 && known == topology.pods.size())
    return fmt::format(
        "no pod booted since it was scheduled at {}: only the pod that took the save held a timer, "
        "and its request to the site's url failed or the pod is gone",
        formatTime(*savedAt));
  return "the pod that took the save is gone, or the request of its timer to the site's url failed "
         "(a refused one is never repeated); when each pod started is not known here";
}

}  // namespace rollcall::checks::schedule
