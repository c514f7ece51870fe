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

// What a child was doing last.
Access stuckAt(const MountLook& look) {
  Access at = Access::kRead;
  for (const FolderLook& folder : look.folders)
    if (folder.begun)
      at = folder.step == ProbeStep::kReach || folder.step == ProbeStep::kReadBack ? Access::kRead
                                                                                   : Access::kWrite;
  return at;
}

Error endedBySignal(std::string_view place, int status) {
  return {
      ErrorCode::kUnavailable,
      fmt::format("the process that looked at {} was ended by signal {}", place, WTERMSIG(status))};
}

}  // namespace

bool MountSlot::Lane::hangs() {
  if (hanging && hanging->child.gone()) hanging.reset();
  return hanging.has_value();
}

std::optional<WallTime> MountSlot::Lane::hangsSince(const Clock& clock) {
  if (hangs()) return hanging->since;
  if (rest && clock.mono() < rest->until) return rest->since;
  return std::nullopt;
}

Result<MountSlot::Ended> MountSlot::ask(Access access, const std::string& place,
                                        const std::function<int(int)>& work, Deadline deadline) {
  Lane& lane = access == Access::kRead ? reading_ : writing_;
  const Lock lock(lane.busy, deadline.left(clock_));
  if (const auto admitted = admit(lane, lock, place); !admitted) return admitted.error();
  if (access == Access::kWrite) {
    const Lock readers(reading_.busy, deadline.left(clock_));
    if (const auto admitted = admit(reading_, readers, place); !admitted) return admitted.error();
  }
  const WallTime began = clock_.wall();
  MonoTime heard = clock_.mono();
  auto child = Child::start(work, calls_);
  if (!child) return child.error();
  Result<Ended> ended = endOf(*child, place, deadline, heard);
  if (clock_.mono() - heard >= calls_.patience) lane.rest = Rest{began, clock_.mono() + kRest};
  if (!child->gone()) lane.hanging.emplace(Hanging{std::move(*child), began, heard});
  return ended;
}

// Whether nothing hangs in a lane, whose lock was to be `lock`.
Result<void> MountSlot::admit(Lane& lane, const Lock& lock, const std::string& place) {
  if (!lock.owns_lock())
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the volume of {} is busy with an earlier look", place)};
  if (const auto since = lane.hangsSince(clock_))
    return Error{ErrorCode::kUnavailable,
                 fmt::format("the volume of {} hangs since {}", place, formatTime(*since))};
  return {};
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
  const Lock lock(writing_.busy, deadline.left(clock_));
  if (!awaitEarlier(writing_, lock, patience, deadline, stop, look)) return;
  {
    const Lock readers(reading_.busy, deadline.left(clock_));
    if (!awaitEarlier(reading_, readers, patience, deadline, stop, look)) return;
  }
  planSweep(work);
  run(work, patience, deadline, stop, look);
  noteSweep(work, look);
}

// Whether no earlier child of a lane, whose lock was to be `lock`, is in the way. One that was cut
// short may well be about to end.
bool MountSlot::awaitEarlier(Lane& lane, const Lock& lock, Duration patience, Deadline deadline,
                             const std::stop_token& stop, MountLook& look) {
  if (!lock.owns_lock()) {
    look.error = Error{ErrorCode::kUnavailable, "the volume is busy with an earlier look"};
    return false;
  }
  if (!lane.hangs()) return true;
  Hanging& earlier = *lane.hanging;
  const Deadline patient(earlier.heard + patience);
  const Deadline wait = patient.atMost(clock_, deadline.left(clock_));
  if (!earlier.known && earlier.child.awaitEnd(clock_, wait, stop)) {
    lane.hanging.reset();
    return true;
  }
  if (!earlier.known && !patient.passed(clock_)) {
    look.error = Error{ErrorCode::kUnavailable, "an earlier look at the volume has not ended yet"};
    return false;
  }
  earlier.known = look.unkillable = true;
  look.hungSince = hungSince_ = hungSince_.value_or(earlier.since);
  hungAt_ = lane.access;
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
  if (finished && !look.error) noteAnswer(work.write);
  if (hung) {
    hungAt_ = stuckAt(look);
    look.hungSince = hungSince_ = hungSince_.value_or(since);
  }
  look.unkillable = hung && !child->gone();
  keep({std::move(*child), since, heard, hung}, stuckAt(look));
}

// One that writes nothing gets through where writing hangs.
void MountSlot::noteAnswer(bool wrote) {
  if (wrote || hungAt_ == Access::kRead) hungSince_.reset();
  if (wrote) writing_.rest.reset();
  const Lock readers(reading_.busy, std::try_to_lock);  // nobody reads during a rest
  if (readers.owns_lock()) reading_.rest.reset();
}

// Keeps what did not end where those look who would do the same. Beside a reader that is still
// being asked it stays with those who write: then another reader finds out for itself.
void MountSlot::keep(Hanging last, Access stuckAt) {
  const bool gone = last.child.gone();
  if (gone && !last.known) return;
  Lock readers;
  if (stuckAt == Access::kRead) readers = Lock(reading_.busy, std::try_to_lock);
  Lane& lane = readers.owns_lock() && !reading_.hangs() ? reading_ : writing_;
  if (last.known) lane.rest = Rest{*hungSince_, clock_.mono() + kRest};
  if (!gone) lane.hanging.emplace(std::move(last));
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
