#include "checks/canary/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "daemon/api/pod_api.h"

namespace rollcall::checks::canary {
namespace {

using namespace std::chrono_literals;

constexpr Duration kBetweenLooks = 2s;
// One step on it. Whoever ends the program waits for a step and for the removal of the file.
constexpr Duration kForTheVolume = 3s;
constexpr Duration kToEnd = 6s;  // what a run keeps for its last steps
constexpr std::size_t kMessageBytes = 64u << 10;
constexpr const char* kWhat = "the canary in content/images";

bool isSuspect(const Look& look) {
  return look.pod->mayBeBlamed() && look.looks > 0 && look.sight.seen != Seen::kUnseen &&
         look.sight.seen != Seen::kElsewhere;
}

bool hasIt(const Look& look) {
  const Seen seen = look.sight.seen;
  return seen == Seen::kRight || seen == Seen::kOld || seen == Seen::kWrong;
}
bool isAnswer(const Look& look) {
  return look.sight.seen != Seen::kUnseen && look.sight.seen != Seen::kSilent;
}

}  // namespace

std::vector<Look*> Run::those(const std::function<bool(const Look&)>& wanted) {
  std::vector<Look*> looks;
  for (Look& look : looks_)
    if (wanted(look)) looks.push_back(&look);
  return looks;
}

Deadline Run::volumeDeadline() const {
  return context_.deadline.atMost(context_.clock, kForTheVolume);
}

bool Run::isCertain(const Look& look) const {
  const auto before = kept_.claimed.find(look.pod->name);
  const bool known = before != kept_.claimed.end() && before->second == look.sight.seen;
  return look.looks > looksBefore(look.sight.seen, known);
}

void Run::gap(const Look& look, Error why) {
  outcome_.gaps.push_back({look.pod->name, kWhat, std::move(why)});
}

// One that stays would be one more with each run.
bool Run::removeLeft() {
  while (!kept_.left.empty()) {
    const auto removed = context_.dir->remove(kept_.left.back(), volumeDeadline());
    if (!removed && removed.error().code != ErrorCode::kNotFound) {
      outcome_.gaps.push_back({"", "an earlier canary is to be removed first", removed.error()});
      return false;
    }
    kept_.left.pop_back();
  }
  return true;
}

bool Run::put(CanaryFile& file) {
  if (!removeLeft()) return false;
  name_ = file.name();
  texts_ = textsFor(name_);
  const auto created = file.create(texts_.first, volumeDeadline());
  if (!created) {
    cannotPut(created.error());
    return false;
  }
  changed_ = *created;
  const auto swept = context_.dir->sweep(kFolder, *created, volumeDeadline());
  if (swept && *swept > 0)
    outcome_.notes.push_back(
        fmt::format("removed {} files that a Rollcall had left in content/images", *swept));
  return true;
}

// What ails the volume is for the check `volume` to say; a mount that somebody made read-only for
// Rollcall alone does not ail.
void Run::cannotPut(const Error& why) {
  const VolumeQuestion question{.folders = {std::string(kFolder)}, .write = false};
  const auto mounts = context_.dir->probe(question, volumeDeadline(), context_.stop);
  const bool onPurpose = std::ranges::any_of(mounts, [](const MountLook& look) {
    return hasOption(look.mount.options, "ro") && !hasOption(look.mount.superOptions, "ro");
  });
  if (onPurpose) {
    outcome_.notApplicable =
        "the content folder is mounted read-only here, so nothing can be put there";
    return;
  }
  outcome_.gaps.push_back(
      {"", kWhat,
       Error{ErrorCode::kUnavailable,
             fmt::format("it could not be put there, see the check volume: {}", why.message)}});
}

void Run::ask(const std::vector<Look*>& looks, Stage stage, Reason reason) {
  const auto batch = context_.pods.batch(context_.budget);
  const MonoTime now = context_.clock.mono();
  for (Look* look : looks) {
    // Never the same address twice: nobody on the way may answer from what it remembers.
    batch->get(*look->pod,
               PodRequest{.path = fmt::format("/content/images/{}?look={}", name_, ++asked_),
                          .reason = reason,
                          .keepBytes = kMessageBytes,
                          .onBody = {}},
               [this, look, stage, now](const Result<HttpResponse>& answer) {
                 const Seen before = look->sight.seen;
                 look->sight = sightOf(answer, stage, texts_);
                 look->stage = stage;
                 // Each kind of trouble has to be seen as often as it takes by itself.
                 if (look->sight.seen != before) look->looks = 0;
                 look->looks = look->sight.seen == Seen::kRight ? 0 : look->looks + 1;
                 if (look->looks == 1) look->since = now;
                 look->lasting = now - look->since;
               });
  }
  batch->drive(context_.deadline, context_.stop);
}

void Run::askAgain(Stage stage) {
  while (true) {
    const auto suspects =
        those([this](const Look& look) { return isSuspect(look) && !isCertain(look); });
    if (suspects.empty()) return;
    const MonoTime next = context_.clock.mono() + kBetweenLooks;
    if (next + kToEnd > context_.deadline.when()) return;
    if (!context_.clock.sleepUntil(next, context_.stop)) return;
    ask(suspects, stage, Reason::kSuspect);
  }
}

// A pod that does not answer at all says nothing of the volume.
void Run::tellSilentFromGone() {
  const auto batch = context_.pods.batch(context_.budget);
  for (Look* look :
       those([this](const Look& one) { return one.sight.seen == Seen::kSilent && isCertain(one); }))
    api::askSite(*batch, *look->pod, false, [look](const Result<api::PodSite>& site) {
      if (site) return;
      look->sight.seen = Seen::kUnseen;
      look->sight.why = site.error();
    });
  batch->drive(context_.deadline, context_.stop);
}

std::string Run::commandFor(const Pod& pod) const {
  return context_.pods.reproduce(pod, fmt::format("/content/images/{}", kByHand), Door::kFront);
}

void Run::claim(const Look& look) {
  const std::string& pod = look.pod->name;
  std::vector<std::string> others;
  for (const Look& one : looks_)
    if (hasIt(one)) others.push_back(one.pod->name);
  outcome_.findings.push_back(findingOf(look, others, commandFor(*look.pod)));
  outcome_.tally.volumeUp[pod] = false;
  claimed_[pod] = look.sight.seen;
}

// An old state may be one that lasts no longer than this run: the daemon waits for a second one.
void Run::judgeOld(const Look& look) {
  const std::string& pod = look.pod->name;
  behind_.insert(pod);
  if (context_.trigger == Trigger::kOnce || kept_.behind.contains(pod)) return claim(look);
  outcome_.notes.push_back(
      fmt::format("{} {}: not claimed before the next run", pod, shortly(look)));
}

void Run::judgePod(const Look& look, Scene scene) {
  const Sight& sight = look.sight;
  const std::string& pod = look.pod->name;
  if (!look.pod->mayBeBlamed()) {
    if (look.looks > 0 && sight.seen != Seen::kUnseen && scene == Scene::kServed)
      outcome_.notes.push_back(fmt::format(
          "{}, which is leaving or not ready: for the canary it {}", pod, shortly(look)));
    return;
  }
  if (sight.seen == Seen::kRight) {
    outcome_.tally.volumeUp[pod] = true;
    return;
  }
  if (sight.seen == Seen::kUnseen) return gap(look, sight.why);
  if (!isCertain(look))
    return gap(look, {ErrorCode::kDeadlineExceeded,
                      fmt::format("it {}, and there was no time to look again", shortly(look))});
  const bool together = sight.seen == Seen::kMissing || sight.seen == Seen::kRefused;
  if (together && scene == Scene::kNowhere) return;
  if (sight.seen == Seen::kOld || sight.seen == Seen::kWrong) return judgeOld(look);
  if (sight.seen != Seen::kElsewhere) return claim(look);
  if (scene == Scene::kServed)
    gap(look, {ErrorCode::kProtocol, fmt::format("it {}", shortly(look))});
}

// What is no single pod's.
void Run::judgeTogether(Scene scene) {
  const auto blamed = those([](const Look& look) { return look.pod->mayBeBlamed(); });
  if (scene == Scene::kElsewhere) {
    const auto sent = std::ranges::find_if(
        blamed, [](const Look* look) { return look->sight.seen == Seen::kElsewhere; });
    const std::string reason =
        fmt::format("the pods keep images elsewhere: {} {}", (*sent)->pod->name, shortly(**sent));
    const bool all = std::ranges::all_of(
        blamed, [](const Look* look) { return look->sight.seen == Seen::kElsewhere; });
    if (all)
      outcome_.notApplicable = reason;
    else
      outcome_.notes.push_back(reason);
  }
  if (scene != Scene::kNowhere) return;
  for (const Look* look : blamed) {
    const bool missing = look->sight.seen == Seen::kMissing || look->sight.seen == Seen::kRefused;
    if (missing && !isCertain(*look)) return;
    if (missing) claimed_[look->pod->name] = look->sight.seen;
  }
  std::vector<const Look*> answered;
  std::ranges::copy_if(blamed, std::back_inserter(answered),
                       [](const Look* look) { return isAnswer(*look); });
  outcome_.findings.push_back(nowhereFinding(answered, commandFor(*answered.front()->pod)));
}

// Nothing is claimed because of a file that somebody else took away.
bool Run::isStillThere(CanaryFile& file) {
  const auto there = file.isThere(texts_.second.size(), volumeDeadline());
  if (there && *there) return true;
  outcome_.gaps.push_back(
      {"", kWhat,
       there ? Error{ErrorCode::kUnavailable, "somebody else removed or changed it meanwhile"}
             : there.error()});
  return false;
}

void Run::judge(CanaryFile& file) {
  if (std::ranges::any_of(looks_, isSuspect) && !isStillThere(file)) return;
  std::vector<Seen> seen;
  for (const Look* look : those([](const Look& one) { return one.pod->mayBeBlamed(); }))
    seen.push_back(look->sight.seen);
  const Scene scene = sceneOf(seen);
  judgeTogether(scene);
  if (outcome_.notApplicable) return;
  for (const Look& look : looks_) judgePod(look, scene);
  compareTimes();
}

// Two file servers, or copies of one, may agree on bytes and differ in this. Nothing breaks by it.
void Run::compareTimes() {
  for (const Look& look : looks_) {
    const auto& stamp = look.sight.stamp;
    if (!stamp || sameTime(stamp->changed, changed_)) continue;
    outcome_.notes.push_back(
        fmt::format("{} serves the right bytes, but says they are of {}; the volume says {}",
                    look.pod->name, formatTime(stamp->changed), formatTime(changed_)));
  }
}

void Run::followRemoval(CanaryFile& file) {
  const auto removed = file.remove(volumeDeadline());
  if (!removed && removed.error().code != ErrorCode::kNotFound) {
    outcome_.gaps.push_back({"", "removing " + std::string(kWhat), removed.error()});
    return;
  }
  ask(those([](const Look& look) { return look.sight.seen == Seen::kRight; }), Stage::kRemoved,
      Reason::kView);
  askAgain(Stage::kRemoved);
  for (const Look& look : looks_) {
    if (look.stage != Stage::kRemoved || look.looks == 0 || !look.pod->mayBeBlamed()) continue;
    if (look.sight.seen != Seen::kOld && look.sight.seen != Seen::kWrong)
      gap(look, look.sight.seen == Seen::kUnseen || look.sight.seen == Seen::kSilent
                    ? look.sight.why
                    : Error{ErrorCode::kProtocol, fmt::format("it {}", shortly(look))});
    else if (!isCertain(look))
      gap(look, {ErrorCode::kDeadlineExceeded,
                 fmt::format("it {}, and there was no time to look again", shortly(look))});
    else
      judgeOld(look);
  }
}

// Then the file's own end removes it.
bool Run::isStopped() {
  if (!context_.stop.stop_requested()) return false;
  outcome_.gaps.push_back({"", kWhat, Error{ErrorCode::kCancelled, "stopped on request"}});
  return true;
}

void Run::lookThrough(CanaryFile& file) {
  ask(those([](const Look&) { return true; }), Stage::kCreated, Reason::kView);
  if (isStopped()) return;
  const auto overwritten = file.overwrite(texts_.second, volumeDeadline());
  if (!overwritten) return cannotPut(overwritten.error());
  changed_ = *overwritten;
  ask(those([](const Look& look) { return look.sight.seen == Seen::kRight; }), Stage::kOverwritten,
      Reason::kView);
  askAgain(Stage::kOverwritten);
  tellSilentFromGone();
  if (isStopped()) return;
  judge(file);
  if (!outcome_.notApplicable) followRemoval(file);
}

Outcome Run::run() {
  for (const Pod& pod : context_.topology.pods) looks_.push_back({.pod = &pod});
  if (std::ranges::none_of(looks_, [](const Look& look) { return look.pod->mayBeBlamed(); })) {
    outcome_.notApplicable = "no pod takes readers";
    return std::move(outcome_);
  }
  CanaryFile file(*context_.dir, context_.clock, kept_.left);
  if (put(file)) lookThrough(file);
  kept_.claimed = std::move(claimed_);
  kept_.behind = std::move(behind_);
  return std::move(outcome_);
}

}  // namespace rollcall::checks::canary
