#include "checks/canary/round.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "checks/canary/codes.h"
#include "daemon/api/pod_api.h"
#include "daemon/content/own_files.h"
#include "daemon/ghost/admin_token.h"

namespace rollcall::checks::canary {
namespace {

using namespace std::chrono_literals;
using Kind = UploadSight::Kind;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

constexpr Duration kBetweenLooks = 2s;
constexpr Duration kPatience = 10s;  // with one upload
constexpr int kFetches = 3;          // of what is missing, before it is claimed
constexpr const char* kUpload = "an upload through it";

std::string newName(const Clock& clock, std::uint64_t& uploads) {
  const auto now = static_cast<std::uint64_t>(clock.wall().time_since_epoch().count());
  return nameOf({OwnKind::kUpload, readPlace(), static_cast<std::uint32_t>(::getpid()),
                 (now << 16) + (uploads++ & 0xffff)});
}

std::string remedyOf(const std::string& pod, std::string_view error) {
  const auto exec = [&](std::string_view command) {
    return fmt::format("kubectl exec {} -- {}", pod, command);
  };
  if (error == "ENOSPC") return exec("df -h -i /var/lib/ghost/content");
  if (error == "EROFS") return exec("grep content /proc/mounts") + "; dmesg on its node";
  if (error == "EACCES" || error == "EPERM")
    return exec("ls -ln /var/lib/ghost/content/images") + "; give the folder to Ghost's user";
  return fmt::format("kubectl logs {}; mend the mount, then kubectl delete pod {}", pod, pod);
}

}  // namespace

Round::Round(const CheckContext& context, std::uint64_t& uploads)
    : context_(context), uploads_(uploads), files_(context.dir, context.clock) {
  for (const Pod& pod : context.topology.pods)
    if (pod.mayBeBlamed()) places_.push_back({.pod = &pod, .version = {}, .upload = {}});
  fetched_.assign(places_.size(), std::vector<Fetch>(places_.size()));
}

std::vector<Round::Place*> Round::those(const std::function<bool(const Place&)>& wanted) {
  std::vector<Place*> places;
  for (Place& place : places_)
    if (wanted(place)) places.push_back(&place);
  return places;
}

void Round::gap(const Pod& pod, std::string what, Error why) {
  outcome_.gaps.push_back({pod.name, std::move(what), std::move(why)});
}

void Round::askVersions(const std::vector<Place*>& places) {
  const auto batch = context_.pods.batch(context_.budget);
  for (Place* place : places)
    api::askSite(*batch, *place->pod, false, [place](const Result<api::PodSite>& site) {
      place->answers = site.has_value();
      if (site)
        place->version = site->version;
      else
        place->upload = {.why = site.error()};
    });
  batch->drive(context_.deadline, context_.stop);
}

void Round::uploadThrough(const std::vector<Place*>& places) {
  const auto batch = context_.pods.batch(context_.budget);
  for (Place* place : places) {
    const std::string name = newName(context_.clock, uploads_);
    Form form = formFor(name);
    PodRequest request;
    request.path = ghost::adminApiPath(place->version) + "images/upload/";
    request.door = Door::kAdmin;
    request.method = Method::kPost;
    request.body = std::move(form.body);
    request.contentType = std::move(form.contentType);
    request.reason = Reason::kView;
    request.timeout = kPatience;
    request.authorization =
        ghost::adminAuthorization(context_.adminKey, context_.clock.wall(), place->version);
    batch->get(
        *place->pod, std::move(request), [this, place, name](const Result<HttpResponse>& answer) {
          place->upload = uploadSightOf(answer, name);
          const Kind kind = place->upload.kind;
          place->failed = kind == Kind::kFailed || kind == Kind::kSilent ? place->failed + 1 : 0;
          files_.add(place->upload.path);
        });
  }
  batch->drive(context_.deadline, context_.stop);
}

// A pod that does not answer at all says nothing of its volume.
void Round::judgeUploads() {
  const auto failed = [](const Place& place) { return place.failed > 0; };
  const MonoTime next = context_.clock.mono() + kBetweenLooks;
  const bool again = !those(failed).empty() && next + kPatience < context_.deadline.when() &&
                     context_.clock.sleepUntil(next, context_.stop);
  if (again) uploadThrough(those(failed));
  askVersions(those([](const Place& place) { return place.upload.kind == Kind::kSilent; }));
  for (const Place& place : places_) {
    const UploadSight& upload = place.upload;
    if (upload.kind == Kind::kStored) continue;
    if (upload.kind == Kind::kUnseen)
      gap(*place.pod, kUpload, upload.why);
    else if (place.failed > 1)
      claimFailed(place);
    else
      gap(*place.pod, kUpload,
          {ErrorCode::kDeadlineExceeded, "it failed, and there was no time for a second one"});
  }
}

void Round::claimFailed(const Place& place) {
  const std::string& pod = place.pod->name;
  const UploadSight& upload = place.upload;
  Finding finding;
  finding.def = &findings()[kRc855];
  finding.pod = pod;
  finding.message =
      upload.kind == Kind::kSilent
          ? fmt::format(
                "an image uploaded through {} is not stored within {}, though it answers "
                "otherwise",
                pod, formatDuration(kPatience))
          : fmt::format("{} cannot store an image: {}", pod,
                        upload.said.empty() ? "it answers 500" : upload.said);
  const std::string_view error = errnoIn(upload.said);
  if (upload.kind == Kind::kSilent) finding.cause = "the volume hangs on the pod's node";
  if (upload.status != 0) finding.evidence["status"] = std::to_string(upload.status);
  if (!error.empty()) finding.evidence["error"] = error;
  finding.remedy = remedyOf(pod, error);
  outcome_.findings.push_back(std::move(finding));
  outcome_.tally.volumeUp[pod] = false;
}

void Round::fetchThrough(const Pairs& pairs, Reason reason) {
  const auto batch = context_.pods.batch(context_.budget);
  for (const auto& [through, on] : pairs)
    batch->get(*places_[on].pod,
               PodRequest{.path = fmt::format("{}?look={}", places_[through].upload.path, ++asked_),
                          .reason = reason,
                          .onBody = {}},
               [this, through = through, on = on](const Result<HttpResponse>& answer) {
                 fetched_[through][on] = fetchOf(answer);
               });
  batch->drive(context_.deadline, context_.stop);
}

// What no pod serves, not even the one that stored it: a storage adapter keeps it.
void Round::leaveOutElsewhere() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].upload.kind != Kind::kStored) continue;
    const bool elsewhere = std::ranges::all_of(fetched_[i], [](const Fetch& fetch) {
      return !fetch.asked || fetch.kind == Fetch::Kind::kMissing ||
             fetch.why.code == ErrorCode::kProtocol;
    });
    if (!elsewhere) continue;
    names.push_back(places_[i].pod->name);
    fetched_[i].assign(places_.size(), {});
  }
  if (!names.empty())
    outcome_.notes.push_back(
        fmt::format("what is uploaded through {} is kept elsewhere (a storage adapter): whether "
                    "all pods have it cannot be asked",
                    fmt::join(names, ", ")));
}

void Round::fetch() {
  Pairs pairs;
  for (std::size_t i = 0; i < places_.size(); ++i)
    for (std::size_t j = 0; j < places_.size(); ++j)
      if (!places_[i].upload.path.empty() && places_[j].answers) pairs.emplace_back(i, j);
  fetchThrough(pairs, Reason::kView);
  fetchAgain(std::move(pairs));
  leaveOutElsewhere();
}

// Nothing is claimed on one look.
void Round::fetchAgain(Pairs pairs) {
  for (int looks = 1; looks < kFetches; ++looks) {
    std::erase_if(
        pairs, [this](const auto& pair) { return !fetched_[pair.first][pair.second].isWrong(); });
    if (pairs.empty()) return;
    const MonoTime next = context_.clock.mono() + kBetweenLooks;
    const bool inTime = next + kBetweenLooks < context_.deadline.when();
    if (inTime && context_.clock.sleepUntil(next, context_.stop)) {
      fetchThrough(pairs, Reason::kSuspect);
      continue;
    }
    for (const auto& [through, on] : pairs)
      fetched_[through][on] = {
          .why = {ErrorCode::kDeadlineExceeded, "it lacks it, and there was no time to look again"},
          .asked = true};
    return;
  }
}

void Round::judgeFetches() {
  for (std::size_t j = 0; j < places_.size(); ++j) {
    const Fetch *failing = nullptr, *unseen = nullptr;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const Fetch& fetch = fetched_[i][j];
      if (fetch.kind == Fetch::Kind::kFailing) failing = &fetch;
      if (fetch.kind == Fetch::Kind::kUnseen && fetch.asked) unseen = &fetch;
    }
    if (failing) claimUnreadable(j, *failing);
    if (unseen) gap(*places_[j].pod, "what was uploaded", unseen->why);
  }
  const Parted parted = part(fetched_);
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (!parted.apart.contains(i) && parted.undecided.empty() &&
        fetched_[i][i].kind == Fetch::Kind::kServed)
      outcome_.tally.volumeUp.try_emplace(places_[i].pod->name, true);
  for (const auto& [pod, misses] : parted.apart) claimApart(pod, misses);
  if (!parted.undecided.empty()) claimUndecided(parted.undecided);
}

void Round::claimUnreadable(std::size_t pod, const Fetch& fetch) {
  const std::string& name = places_[pod].pod->name;
  Finding finding;
  finding.def = &findings()[kRc854];
  finding.pod = name;
  finding.message = fmt::format("{} cannot read an image that was just uploaded: it answers 500{}",
                                name, fetch.said.empty() ? "" : " \"" + fetch.said + "\"");
  finding.cause =
      "an I/O error, a stale handle or missing permissions below Ghost; the pod's log says which";
  finding.evidence["status"] = "500";
  finding.remedy = remedyOf(name, "");
  outcome_.findings.push_back(std::move(finding));
  outcome_.tally.volumeUp[name] = false;
}

Finding Round::apartFinding(const Pairs& misses) const {
  Finding finding;
  finding.def = &findings()[kRc856];
  std::map<std::size_t, std::vector<std::string>> missing;  // by pod it was uploaded through
  for (const auto& [through, on] : misses) missing[through].push_back(places_[on].pod->name);
  for (const auto& [through, on] : missing) {
    const std::string& pod = places_[through].pod->name;
    finding.evidence["through " + pod] = fmt::format("404 on {}", fmt::join(on, ", "));
    finding.message += fmt::format("{}what was uploaded through {} is missing on {}",
                                   finding.message.empty() ? "" : "; ", pod, fmt::join(on, ", "));
  }
  return finding;
}

void Round::claimApart(std::size_t pod, const Pairs& misses) {
  const std::string& name = places_[pod].pod->name;
  Finding finding = apartFinding(misses);
  finding.pod = name;
  finding.cause =
      fmt::format("{} has another volume than the other pods, or an old view of it", name);
  finding.remedy = fmt::format(
      "compare what is mounted on it with the other pods, mend it, then restart it: kubectl exec "
      "{} -- df /var/lib/ghost/content; kubectl delete pod {}",
      name, name);
  outcome_.findings.push_back(std::move(finding));
  outcome_.tally.volumeUp[name] = false;
}

void Round::claimUndecided(const Pairs& misses) {
  Finding finding = apartFinding(misses);
  finding.cause = "the pods have different volumes; no more of them agree on one than on another";
  finding.remedy = finding.def->remedy;
  outcome_.findings.push_back(std::move(finding));
}

Outcome Round::run() {
  askVersions(those([](const Place&) { return true; }));
  uploadThrough(those([](const Place& place) { return place.answers; }));
  judgeUploads();
  fetch();
  judgeFetches();
  if (const std::size_t left = files_.removeAll(); left > 0)
    outcome_.notes.push_back(
        fmt::format("{} uploaded files could not be removed from content/images", left));
  return std::move(outcome_);
}

}  // namespace rollcall::checks::canary
