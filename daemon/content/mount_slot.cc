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
// A child of a Rollcall that was killed just before this one began may end later than its parent,
// and what it was creating appear then.
constexpr Duration kStillEnding = std::chrono::minutes(2);
constexpr Duration kRest = std::chrono::seconds(20);

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
  if (hanging_ && hanging_->child.gone()) hanging_.reset();
  return hanging_.has_value();
}

void MountSlot::keepIfHanging(Hanging last) {
  if (!last.child.gone()) hanging_.emplace(std::move(last));
}

std::optional<WallTime> MountSlot::hangsSince() {
  if (hangs()) return hanging_->since;
  if (rest_ && clock_.mono() < rest_->until) return rest_->since;
  return std::nullopt;
}

Result<MountSlot::Ended> MountSlot::ask(const std::string& place,
                                        const std::function<int(int)>& work, Deadline deadline) {
  const std::unique_lock lock(busy_, deadline.left(clock_));
  if (!lock.owns_lock())
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the volume of {} is busy with an earlier look", place)};
  if (const auto since = hangsSince())
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the volume of {} hangs since {}", place, formatTime(*since))};
  const WallTime began = clock_.wall();
  MonoTime heard = clock_.mono();
  auto child = Child::start(work, calls_);
  if (!child) return child.error();
  Result<Ended> ended = endOf(*child, place, deadline, heard);
  if (clock_.mono() - heard >= calls_.patience) rest_ = Rest{began, clock_.mono() + kRest};
  keepIfHanging({std::move(*child), began, heard});
  return ended;
}

Result<MountSlot::Ended> MountSlot::endOf(Child& child, const std::string& place, Deadline deadline,
                                          MonoTime& heard) {
  Ended ended;
  while (true) {
    const Deadline next = deadline.atMost(clock_, calls_.patience);
    const Child::Heard got = child.hear(clock_, next, {}, ended.received);
    if (got != Child::Heard::kNothing) heard = clock_.mono();
    if (got == Child::Heard::kMore) continue;
    if (got == Child::Heard::kAll && child.awaitEnd(clock_, next)) break;
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
  if (!awaitEarlier(patience, deadline, stop, look)) return;
  planSweep(work);
  run(work, patience, deadline, stop, look);
  noteSweep(work, look);
}

// Whether no earlier child is in the way. One that was cut short may well be about to end.
bool MountSlot::awaitEarlier(Duration patience, Deadline deadline, const std::stop_token& stop,
                             MountLook& look) {
  if (!hangs()) return true;
  const Deadline patient(hanging_->heard + patience);
  const Deadline wait = patient.atMost(clock_, deadline.left(clock_));
  if (!hanging_->known && hanging_->child.awaitEnd(clock_, wait, stop)) {
    hanging_.reset();
    return true;
  }
  if (!hanging_->known && !patient.passed(clock_)) {
    look.error = Error{ErrorCode::kUnavailable, "an earlier look at the volume has not ended yet"};
    return false;
  }
  hanging_->known = look.unkillable = true;
  look.hungSince = hungSince_ = hungSince_.value_or(hanging_->since);
  return false;
}

void MountSlot::planSweep(ProbeWork& work) {
  for (ProbeFolder& folder : work.folders) {
    const FolderState& state = folders_[folder.path];
    folder.sweep = !state.sweptAt || clock_.mono() - *state.sweptAt > kSweepRhythm ||
                   clock_.mono() - began_ < kStillEnding;
    folder.owes = state.owes;
  }
}

// A probe that did not get through may have left a file.
void MountSlot::noteSweep(const ProbeWork& work, const MountLook& look) {
  for (std::size_t i = 0; i < work.folders.size(); ++i) {
    FolderState& state = folders_[work.folders[i].path];
    const FolderLook& folder = look.folders[i];
    if (folder.step != ProbeStep::kDone)
      state.sweptAt.reset();
    else if (work.folders[i].sweep)
      state.sweptAt = clock_.mono();
    if (folder.begun) state.owes = folder.step == ProbeStep::kRemove;
  }
}

void MountSlot::run(const ProbeWork& work, Duration patience, Deadline deadline,
                    const std::stop_token& stop, MountLook& look) {
  auto child = Child::start([&](int pipe) { return probeFolders(work, pipe, calls_); }, calls_);
  if (!child) {
    look.error = child.error();
    return;
  }
  MonoTime heard = clock_.mono();
  const bool told = listen(*child, patience, deadline, stop, heard, look);
  const bool finished = told && child->awaitEnd(clock_, deadline.atMost(clock_, patience), stop);
  const Duration silence = clock_.mono() - heard;
  if (!finished)
    child->end(clock_);
  else if (!WIFEXITED(child->status()))
    look.error = endedBySignal("the volume", child->status());
  const WallTime since = clock_.wall() - std::chrono::floor<WallTime::duration>(silence);
  const bool hung = !finished && silence >= patience;
  // One that writes nothing gets through where writing hangs.
  if (finished && !look.error && (work.write || !hungAtWriting_)) {
    hungSince_.reset();
    rest_.reset();
  }
  if (hung) {
    hungAtWriting_ = work.write;
    look.hungSince = hungSince_ = hungSince_.value_or(since);
    rest_ = Rest{*hungSince_, clock_.mono() + kRest};
  }
  look.unkillable = hung && !child->gone();
  keepIfHanging({std::move(*child), since, heard, hung});
}

// Takes in what the child tells; false when it was silent for too long.
bool MountSlot::listen(Child& child, Duration patience, Deadline deadline,
                       const std::stop_token& stop, MonoTime& heard, MountLook& look) {
  std::string received;
  while (true) {
    const Deadline next(std::min(heard + patience, deadline.when()));
    const Child::Heard got = child.hear(clock_, next, stop, received);
    if (got == Child::Heard::kNothing) return false;
    if (got == Child::Heard::kAll) return true;
    heard = clock_.mono();
    takeRecords(received, look);
  }
}

}  // namespace rollcall
