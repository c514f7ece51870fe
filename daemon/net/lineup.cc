#include "daemon/net/lineup.h"

#include <algorithm>

namespace rollcall {
namespace {

Lineup::Id popFront(std::deque<Lineup::Id>& ids) {
  const Lineup::Id id = ids.front();
  ids.pop_front();
  return id;
}

}  // namespace

void Lineup::add(Id id, const std::string& queue, bool paced) {
  Queue& into = queues_[queue];
  const bool limited = paced && limits_.perSecond > 0;
  (limited ? into.paced : into.unpaced).push_back(id);
}

std::optional<Lineup::Id> Lineup::take(Queue& queue, MonoTime now) const {
  if (!hasSlot(queue)) return std::nullopt;
  const bool pacedMay = !queue.paced.empty() && mayPaced(queue) <= now;
  // Ids grow, so the smaller one was added first.
  const bool unpacedFirst =
      !queue.unpaced.empty() && (!pacedMay || queue.unpaced.front() < queue.paced.front());
  if (!unpacedFirst && !pacedMay) return std::nullopt;
  ++queue.running;
  if (unpacedFirst) return popFront(queue.unpaced);
  queue.paidUntil = std::max(queue.paidUntil, now) + pace();
  return popFront(queue.paced);
}

Duration Lineup::pace() const {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / limits_.perSecond));
}

// A queue may be ahead of its pace by all but one of those that begin at once.
MonoTime Lineup::mayPaced(const Queue& queue) const {
  if (queue.paidUntil == MonoTime::min()) return MonoTime::min();
  const auto ahead = std::chrono::duration<double>(pace()) * (std::max(limits_.atOnce, 1.0) - 1);
  return queue.paidUntil - std::chrono::duration_cast<Duration>(ahead);
}

std::vector<Lineup::Id> Lineup::begin(MonoTime now, std::size_t room) {
  std::vector<Id> begun;
  bool someBegan = true;
  while (someBegan && begun.size() < room) {
    someBegan = false;
    auto turn = queues_.upper_bound(lastServed_);
    for (std::size_t left = queues_.size(); left > 0 && begun.size() < room; --left, ++turn) {
      if (turn == queues_.end()) turn = queues_.begin();
      const auto id = take(turn->second, now);
      if (!id) continue;
      begun.push_back(*id);
      lastServed_ = turn->first;
      someBegan = true;
    }
  }
  return begun;
}

void Lineup::release(const std::string& queue) {
  --queues_.at(queue).running;
}

std::vector<Lineup::Id> Lineup::drain() {
  std::vector<Id> waiting;
  for (auto& [name, queue] : queues_) {
    waiting.insert(waiting.end(), queue.unpaced.begin(), queue.unpaced.end());
    waiting.insert(waiting.end(), queue.paced.begin(), queue.paced.end());
    queue.unpaced.clear();
    queue.paced.clear();
  }
  std::sort(waiting.begin(), waiting.end());
  return waiting;
}

std::optional<MonoTime> Lineup::nextPaced() const {
  std::optional<MonoTime> next;
  for (const auto& [name, queue] : queues_) {
    if (queue.paced.empty() || !hasSlot(queue)) continue;
    next = std::min(next.value_or(MonoTime::max()), mayPaced(queue));
  }
  return next;
}

}  // namespace rollcall
