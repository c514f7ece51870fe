#include "daemon/content/mount_slot.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "daemon/content/own_files.h"

namespace rollcall {
namespace {

constexpr Duration kSweepRhythm = kLongestOwnLife;

// A folder may be elsewhere than its path says: behind a symbolic link.
void nameMount(std::uint64_t id, Mount& mount) {
  if (id == 0 || mount.id == id) return;
  for (Mount& one : readMounts())
    if (one.id == id) mount = std::move(one);
}

void takeRecords(std::string& received, MountLook& look) {
  ProbeRecord record;
  std::size_t taken = 0;
  for (; received.size() - taken >= sizeof record; taken += sizeof record) {
    std::memcpy(&record, received.data() + taken, sizeof record);
    FolderLook& folder = look.folders.at(record.folder);
    folder = lookOf(record, folder.folder);
    nameMount(record.mountId, look.mount);
  }
  received.erase(0, taken);
}

Error endedBySignal(std::string_view place, int status) {
  return {
      ErrorCode::kUnavailable,
      fmt::format("the process that looked at {} was ended by signal {}", place, WTERMSIG(status))};
}

}  // namespace

bool MountSlot::hangs() {
  if (hanging_ && hanging_->gone()) hanging_.reset();
  return hanging_.has_value();
}

void MountSlot::keepIfHanging(Child child, WallTime began, MonoTime lastHeard) {
  if (child.gone()) return;
  hanging_.emplace(std::move(child));
  hangingSince_ = began;
  hangingHeard_ = lastHeard;
}

Result<MountSlot::Ended> MountSlot::ask(const std::string& place,
                                        const std::function<int(int)>& work, Deadline deadline) {
  const std::unique_lock lock(busy_, deadline.left(clock_));
  if (!lock.owns_lock())
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the volume of {} is busy with an earlier look", place)};
  if (hangs())
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the volume of {} hangs since {}", place, formatTime(hangingSince_))};
  const WallTime began = clock_.wall();
  const MonoTime start = clock_.mono();
  auto child = Child::start(work, calls_);
  if (!child) return child.error();
  Result<Ended> ended = endOf(*child, place, deadline);
  keepIfHanging(std::move(*child), began, start);
  return ended;
}

Result<MountSlot::Ended> MountSlot::endOf(Child& child, const std::string& place,
                                          Deadline deadline) {
  Ended ended;
  Child::Heard heard = Child::Heard::kMore;
  while (heard == Child::Heard::kMore) heard = child.hear(clock_, deadline, {}, ended.received);
  if (heard == Child::Heard::kNothing || !child.awaitEnd(clock_, deadline)) {
    child.end(clock_);
    return Error{ErrorCode::kDeadlineExceeded,
                 fmt::format("looking at {} took too long: its volume hangs", place)};
  }
  if (!WIFEXITED(child.status())) return endedBySignal(place, child.status());
  ended.status = WEXITSTATUS(child.status());
  return ended;
}

void MountSlot::probe(ProbeWork work, Duration patience, Deadline deadline,
                      const std::stop_token& stop, MountLook& look) {
  const std::unique_lock lock(busy_, deadline.left(clock_));
  if (!lock.owns_lock()) {
    look.error = Error{ErrorCode::kUnavailable, "the volume is busy with an earlier look"};
    return;
  }
  // One that was cut short may only be slow to end.
  const Deadline patient(hangingHeard_ + patience);
  if (hanging_) hanging_->awaitEnd(clock_, patient.atMost(clock_, deadline.left(clock_)), stop);
  if (hangs()) return tellHang(patient, look);
  work.sweep = !sweptAt_ || clock_.mono() - *sweptAt_ > kSweepRhythm;
  run(work, patience, deadline, stop, look);
}

void MountSlot::tellHang(Deadline patient, MountLook& look) {
  if (!patient.passed(clock_)) {
    look.error = Error{ErrorCode::kUnavailable, "an earlier look at the volume has not ended yet"};
    return;
  }
  if (!hungSince_) hungSince_ = hangingSince_;
  look.hungSince = hungSince_;
  look.unkillable = true;
}

void MountSlot::run(const ProbeWork& work, Duration patience, Deadline deadline,
                    const std::stop_token& stop, MountLook& look) {
  const WallTime began = clock_.wall();
  auto child = Child::start([&](int pipe) { return probeFolders(work, pipe, calls_); }, calls_);
  if (!child) {
    look.error = child.error();
    return;
  }
  MonoTime lastHeard = clock_.mono();
  const bool finished = listen(*child, patience, deadline, stop, lastHeard, look) &&
                        child->awaitEnd(clock_, Deadline::after(clock_, patience));
  if (!finished)
    child->end(clock_);
  else if (!WIFEXITED(child->status()))
    look.error = endedBySignal("the volume", child->status());
  const bool silent = !finished && clock_.mono() - lastHeard >= patience;
  if (finished) hungSince_.reset();
  if (silent) {
    look.hungSince = hungSince_ = hungSince_.value_or(began);
    look.unkillable = !child->gone();
  }
  // A child that was ended may have left a file.
  if (!finished)
    sweptAt_.reset();
  else if (work.sweep)
    sweptAt_ = clock_.mono();
  keepIfHanging(std::move(*child), began, lastHeard);
}

// Takes in what the child tells; false when it was silent for too long.
bool MountSlot::listen(Child& child, Duration patience, Deadline deadline,
                       const std::stop_token& stop, MonoTime& lastHeard, MountLook& look) {
  std::string received;
  while (true) {
    const Deadline next(std::min(lastHeard + patience, deadline.when()));
    const Child::Heard heard = child.hear(clock_, next, stop, received);
    if (heard == Child::Heard::kNothing) return false;
    if (heard == Child::Heard::kAll) return true;
    lastHeard = clock_.mono();
    takeRecords(received, look);
  }
}

}  // namespace rollcall
