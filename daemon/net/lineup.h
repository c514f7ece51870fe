// Which request of a batch may begin next. Pure: time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/net/http_client.h"

namespace rollcall {

// Each queue is first in, first out, has its own slots and its own pace. A paced request that waits
// for its pace does not hold up the unpaced ones behind it.
class Lineup {
 public:
  using Id = std::uint64_t;

  explicit Lineup(const QueueLimits& limits) : limits_(limits) {}

  void add(Id id, const std::string& queue, bool paced);
  // At most `room` requests that begin now, taken from the queues in turn. Each holds a slot of its
  // queue until release().
  std::vector<Id> begin(MonoTime now, std::size_t room);
  void release(const std::string& queue);
  // Takes everything that still waits, in the order it was added.
  std::vector<Id> drain();
  // When the first request that only waits for its pace may begin; empty when none does.
  std::optional<MonoTime> nextPaced() const;

 private:
  struct Queue {
    std::deque<Id> unpaced;
    std::deque<Id> paced;
    std::size_t running = 0;
    MonoTime paidUntil = MonoTime::min();  // each paced request pays for its share of time
  };
  std::optional<Id> take(Queue& queue, MonoTime now) const;
  MonoTime mayPaced(const Queue& queue) const;
  Duration pace() const;
  bool hasSlot(const Queue& queue) const { return queue.running < limits_.parallel; }

  QueueLimits limits_;
  std::map<std::string, Queue> queues_;
  std::string lastServed_;  // the turn continues behind this queue
};

}  // namespace rollcall
