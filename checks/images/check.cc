// Files that posts and settings reference: on the content volume, and on every pod alike.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "checks/images/look.h"
#include "checks/images/questions.h"
#include "checks/images/sample.h"
#include "checks/images/wording.h"

namespace rollcall::checks {
namespace images {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNewestOnce = 10;  // posts, by a check that has no other runs to follow
constexpr std::size_t kPagesPerRun = 3;  // of the walk over all tables
constexpr Duration kPause = 1s;          // before a second look: a file is replaced within less
const Error kNoTime{ErrorCode::kDeadlineExceeded,
                    "a difference was seen and there was no time to look again"};

const std::vector<ParamDef> kParams = {
    {"per_run", std::int64_t{20}, "files asked of each pod per run, those known wrong apart",
     std::int64_t{4}, std::int64_t{500}},
    {"newest", std::int64_t{5}, "newest posts and pages whose files are asked for in every run",
     std::int64_t{0}, std::int64_t{20}},
};

struct Limits {
  std::size_t perRun = 20;
  std::size_t newest = 5;
};

// One run, step by step.
class Run {
 public:
  Run(Memory& memory, const Limits& limits, const CheckContext& context)
      : memory_(memory), limits_(limits), context_(context) {}

  Result<Outcome> run();

 private:
  std::optional<Error> gather();
  std::optional<Error> take(Result<References> found, std::string_view what, References& into);
  std::optional<Error> walk(std::size_t most);
  std::optional<Error> nextPage();
  std::vector<Claim> judgeAll(const Looks& looks) const;
  std::optional<Error> confirm(const Looks& first, std::vector<Claim>& claims, Looks& second);
  std::optional<Error> dropOutdated(const std::set<std::string>& paths,
                                    std::vector<Claim>& claims) const;
  void report(const Looks& looks, std::vector<Claim> claims);
  void remember(const Looks& first, const std::vector<Claim>& seen,
                const std::vector<Claim>& claims);
  void addGaps(const Looks& looks);
  void addNotes(const Looks& looks);
  void reportPods(const Looks& looks, const std::vector<Claim>& claims);

  Memory& memory_;
  const Limits& limits_;
  const CheckContext& context_;
  std::vector<Asked> pods_;
  References fixed_;  // of settings and the newest posts
  Sample sample_;
  bool settling_ = false;
  bool nothingIsThere_ = false;
  std::size_t unnamed_ = 0;  // missing files beyond what one remembers
  Outcome outcome_;
};

// What the account may not read, or this Ghost does not have, is a gap; all else ends the run.
std::optional<Error> Run::take(Result<References> found, std::string_view what, References& into) {
  if (found) {
    into = std::move(*found);
    return std::nullopt;
  }
  if (!isAboutOneTable(found.error(), *context_.content, context_.deadline, context_.stop))
    return found.error();
  outcome_.gaps.push_back({"", std::string(what), found.error()});
  return std::nullopt;
}

std::optional<Error> Run::gather() {
  References settings, newest, standing;
  if (auto error = take(settingsReferences(context_), "the files of the settings", settings))
    return error;
  const bool once = context_.trigger == Trigger::kOnce;
  const std::size_t posts = once ? std::max(limits_.newest, kNewestOnce) : limits_.newest;
  if (auto error = take(newestReferences(context_, posts), "the files of the newest posts", newest))
    return error;
  std::vector<Owner> owners;
  for (const auto& [path, stands] : memory_.standing) owners.push_back(stands.owner);
  const std::size_t gaps = outcome_.gaps.size();
  if (auto error = take(referencesOf(context_, owners), "the files known to be wrong", standing))
    return error;
  // What could not be read is not "not referenced any more".
  if (outcome_.gaps.size() == gaps)
    for (Wanted& one : refresh(memory_.standing, standing)) sample_.add(one, Reason::kSuspect);

  // The walk goes on however much the newest posts show.
  const bool walks = context_.trigger == Trigger::kInterval && context_.leads;
  const std::size_t most = sample_.size() + limits_.perRun;
  const std::size_t mostFixed = most - (walks ? limits_.perRun / 4 : 0);
  for (const References* each : {&settings, &newest}) {
    for (Wanted& one : inTurn(*each))
      if (sample_.size() < mostFixed) sample_.add(one, Reason::kNewest);
    fixed_.elsewhere += each->elsewhere;
    fixed_.unusable += each->unusable;
    for (const Referenced& one : each->of) {
      settling_ = settling_ || (one.settling && !one.paths.empty());
      memory_.anyLocal = memory_.anyLocal || !one.paths.empty();
    }
  }
  return walks ? walk(most) : std::nullopt;
}

// Goes on through all posts, tags and authors from where the last run stopped.
std::optional<Error> Run::walk(std::size_t most) {
  std::size_t pages = 0;
  while (sample_.size() < most) {
    if (memory_.waiting.empty()) {
      if (pages++ == kPagesPerRun) break;
      if (auto error = nextPage()) return error;
      continue;
    }
    sample_.add(std::move(memory_.waiting.front()), Reason::kSweep);
    memory_.waiting.pop_front();
  }
  return std::nullopt;
}

// An account may have been granted no more of tags and users than their names: that is a note.
std::optional<Error> Run::nextPage() {
  const Table table = kTables[memory_.table];
  References page;
  if (auto found = nextReferences(context_, table, memory_.after)) {
    page = std::move(*found);
    memory_.refused.erase(table);
  } else if (isAboutOneTable(found.error(), *context_.content, context_.deadline, context_.stop)) {
    memory_.refused[table] = found.error().message;
  } else {
    return found.error();
  }
  const bool ended = page.rows == 0 || page.last == memory_.after;
  memory_.after = ended ? "" : page.last;
  if (ended) memory_.table = (memory_.table + 1) % std::size(kTables);
  for (Wanted& one : inTurn(page)) memory_.waiting.push_back(std::move(one));
  memory_.anyLocal = memory_.anyLocal || !memory_.waiting.empty();
  return std::nullopt;
}

std::vector<Claim> Run::judgeAll(const Looks& looks) const {
  std::vector<Claim> claims;
  for (const FileLook& look : looks.files) {
    const auto stands = memory_.standing.find(look.path);
    const bool known = stands != memory_.standing.end() && stands->second.missing;
    for (Claim& claim : judge(look, known, context_.clock.wall()))
      claims.push_back(std::move(claim));
  }
  return claims;
}

// Nothing is claimed on one look, of a file that changes meanwhile, or of a row that is not as it
// was read.
std::optional<Error> Run::confirm(const Looks& first, std::vector<Claim>& claims, Looks& second) {
  const MonoTime until = context_.clock.mono() + kPause;
  if (until >= context_.deadline.when()) {
    outcome_.gaps.push_back({"", "the files of the content folder", kNoTime});
    claims.clear();
    return std::nullopt;
  }
  if (!context_.clock.sleepUntil(until, context_.stop))
    return Error{ErrorCode::kCancelled, "stopped before a second look"};
  std::set<std::string> paths;
  for (const Claim& claim : claims) paths.insert(claim.path);
  std::vector<Question> questions;
  for (const std::string& path : paths) questions.push_back({path, Reason::kSuspect});
  second = lookAt(context_, pods_, questions);
  std::vector<Claim> again = judgeAll(second);
  std::ranges::sort(again);
  std::erase_if(claims, [&](const Claim& claim) {
    const auto of = [&](const FileLook& look) { return look.path == claim.path; };
    const auto before = std::ranges::find_if(first.files, of);
    const auto after = std::ranges::find_if(second.files, of);
    return !std::ranges::binary_search(again, claim) ||
           !std::ranges::equal(before->pods, after->pods, [](const Sight& a, const Sight& b) {
             return a.got != b.got || a.sameVersion(b);
           });
  });
  return claims.empty() ? std::nullopt : dropOutdated(paths, claims);
}

std::optional<Error> Run::dropOutdated(const std::set<std::string>& paths,
                                       std::vector<Claim>& claims) const {
  std::vector<Owner> owners;
  for (const std::string& path : paths) owners.push_back(sample_.ownerOf(path));
  const auto now = referencesOf(context_, owners);
  if (!now) return now.error();
  std::erase_if(claims, [&](const Claim& claim) {
    return std::ranges::none_of(now->of, [&](const Referenced& one) {
      return one.owner == sample_.ownerOf(claim.path) && !one.settling &&
             std::ranges::find(one.paths, claim.path) != one.paths.end();
    });
  });
  return std::nullopt;
}

void Run::remember(const Looks& first, const std::vector<Claim>& seen,
                   const std::vector<Claim>& claims) {
  Judged judged{.claims = claims, .right = {}};
  for (const FileLook& look : first.files) {
    const auto about = [&](const Claim& claim) { return claim.path == look.path; };
    if (look.count(Got::kUnknown) == 0 && std::ranges::none_of(seen, about))
      judged.right.insert(look.path);
  }
  memory_.standing = nextStanding(memory_.standing, judged, sample_, limits_.perRun);
}

// One finding for all that is alike: by pod, or by what references the files.
void Run::report(const Looks& looks, std::vector<Claim> claims) {
  using Key = std::tuple<Code, std::optional<std::size_t>, std::string>;
  std::map<Key, Scene> scenes;
  for (const Claim& claim : claims) {
    const Owner& owner = sample_.ownerOf(claim.path);
    const bool single =
        (claim.code == Code::kMissing && !nothingIsThere_) || claim.code == Code::kEmpty;
    if (single && !memory_.standing.contains(claim.path)) {
      ++unnamed_;
      continue;
    }
    std::string about;
    if (single) about = owner.type + (owner.type == "setting" ? "" : " " + owner.id);
    Scene& scene = scenes[{claim.code, claim.pod, about}];
    scene.files.push_back(&*std::ranges::find(looks.files, claim.path, &FileLook::path));
    scene.owners.push_back(owner);
  }
  for (auto& [key, scene] : scenes) {
    scene.code = std::get<Code>(key);
    if (const auto pod = std::get<1>(key)) scene.pod = pods_[*pod].pod, scene.number = *pod;
    scene.asked = sample_.size();
    scene.everything = nothingIsThere_;
    scene.pods = pods_;
    outcome_.findings.push_back(findingOf(scene, context_));
  }
}

void Run::addGaps(const Looks& looks) {
  for (std::size_t pod = 0; pod < pods_.size(); ++pod) {
    const std::string& name = pods_[pod].pod->name;
    const auto isNamed = [&](const Gap& gap) { return gap.pod == name; };
    const auto unknown = std::ranges::find_if(
        looks.files, [&](const FileLook& look) { return look.pods[pod].got == Got::kUnknown; });
    if (unknown == looks.files.end() || std::ranges::any_of(outcome_.gaps, isNamed)) continue;
    outcome_.gaps.push_back({name, "files of the content folder", unknown->pods[pod].why});
  }
  const auto ofVolume = [](const Gap& gap) { return gap.what == "files in the content folder"; };
  if (looks.volume && std::ranges::none_of(outcome_.gaps, ofVolume))
    outcome_.gaps.push_back({"", "files in the content folder", *looks.volume});
}

void Run::addNotes(const Looks& looks) {
  const auto note = [this](std::string text) { outcome_.notes.push_back(std::move(text)); };
  if (fixed_.elsewhere > 0)
    note(
        fmt::format("{} pictures of settings and the newest posts come from other hosts: not "
                    "asked for",
                    fixed_.elsewhere));
  if (fixed_.unusable > 0)
    note(
        fmt::format("{} addresses of settings and the newest posts cannot be asked for as they "
                    "are written",
                    fixed_.unusable));
  const auto unclear = std::ranges::count_if(
      looks.files, [](const FileLook& look) { return look.count(Got::kUnclear) > 0; });
  if (unclear > 0)
    note(
        fmt::format("{} files are caught by a redirect before the content folder is asked: not "
                    "judged",
                    unclear));
  if (unnamed_ > 0)
    note(fmt::format(
        "{} more files are missing or empty everywhere: they are named once others are mended",
        unnamed_));
  for (const auto& [table, why] : memory_.refused)
    if (table != Table::kPosts)
      note(fmt::format("files of {} are not asked for: {}",
                       table == Table::kTags ? "tags" : "authors", why));
  if (!settling_) return;
  note(fmt::format("files of what changed less than {} ago are not judged yet",
                   formatDuration(context_.settle)));
  outcome_.again = context_.settle;
}

void Run::reportPods(const Looks& looks, const std::vector<Claim>& claims) {
  for (std::size_t pod = 0; pod < pods_.size(); ++pod) {
    const std::string& name = pods_[pod].pod->name;
    bool answered = false, serves = false;
    for (const FileLook& look : looks.files) {
      answered = answered || look.pods[pod].status != 0;
      serves = serves || look.pods[pod].got == Got::kServed;
    }
    if (!looks.files.empty()) outcome_.tally.pods[name].reachable = answered;
    const bool accused = std::ranges::any_of(claims, [&](const Claim& claim) {
      return claim.pod == pod && (claim.code == Code::kNotServed || claim.code == Code::kFailing);
    });
    if (accused || serves) outcome_.tally.volumeUp[name] = !accused;
  }
}

Result<Outcome> Run::run() {
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) pods_.push_back({.pod = &pod});
  if (pods_.empty()) {
    outcome_.notApplicable = "no pod takes readers";
    return std::move(outcome_);
  }
  if (auto error = gather()) return *error;
  if (!memory_.anyLocal && outcome_.gaps.empty()) {
    outcome_.notApplicable = "settings and newest posts reference no file of the content folder";
    return std::move(outcome_);
  }
  const Looks first = lookAt(context_, pods_, sample_.questions());
  addGaps(first);
  const std::vector<Claim> seen = judgeAll(first);
  nothingIsThere_ = nothingIsThere(first.files);
  std::vector<Claim> claims = seen;
  Looks second;
  if (!claims.empty()) {
    if (auto error = confirm(first, claims, second)) return *error;
    addGaps(second);
  }
  remember(first, seen, claims);
  report(second, claims);
  addNotes(first);
  reportPods(first, claims);
  return std::move(outcome_);
}

class ImagesCheck final : public Check {
 public:
  explicit ImagesCheck(const Params& params)
      : limits_{params.count("per_run"), params.count("newest")} {}
  Result<Outcome> run(const CheckContext& context) override {
    return Run(memory_, limits_, context).run();
  }

 private:
  const Limits limits_;
  Memory memory_;
};

}  // namespace
}  // namespace images

const CheckSpec& imagesSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "images",
      .summary = "files that posts and settings reference are there, alike on every pod",
      .needs = {Need::kPods, Need::kDatabase},
      .interval = 5min,
      .timeout = 30s,
      .onChange = false,
      .findings = images::findings(),
      .params = images::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<images::ImagesCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
