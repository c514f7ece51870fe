#include "checks/theme/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "checks/theme/wording.h"
#include "daemon/api/pod_api.h"

namespace rollcall::checks::theme {
namespace {

using Pods = std::vector<std::size_t>;

class Around {
 public:
  Around(const CheckContext& context, const Plan& plan, Known& known)
      : context_(context), plan_(plan), known_(known) {}

  Result<Look> look();

 private:
  void lookAtVolume();
  void askPods();
  void judgeMissing();
  std::string assetFromPages() const;
  void findGaps();
  void compareAssets();
  void compareWithVolume(const std::map<std::size_t, AssetAnswer>& answers);
  void compareAmongPods(const std::map<std::size_t, AssetAnswer>& answers);
  void compareAlike(const std::map<std::size_t, AssetAnswer>& answers);
  bool startedSince(const Pods& pods) const;
  bool failsItsPages(std::size_t pod) const;
  void compareCustom();
  void comparePage(const std::string& path);
  void compareRendering(const std::string& path, Rendering rendering);
  bool changedByItself(const std::string& path, const Rendering& rendering) const;
  void rememberPages(const std::string& path, const Rendering& rendering);
  std::set<std::string> certainOf(const std::string& path);
  std::vector<std::string> values() const;
  bool settingsExplain(const std::string& path, const PageFault& fault, const Pods& pods);
  void claim(Claim claim);

  const CheckContext& context_;
  const Plan& plan_;
  Known& known_;
  Look look_;
  std::optional<Volume> volume_;
  std::vector<PodLook> pods_;
  std::vector<std::string> names_;
  std::set<std::size_t> accused_;  // pods whose pages are of no use for a comparison
  bool differentThemes_ = false;
};

Result<Look> Around::look() {
  auto state = readState(context_, look_.notes);
  if (!state) return state.error();
  look_.state = std::move(*state);
  if (known_.theme != look_.state.theme)
    known_ = {.asset = {}, .seenAsset = {}, .theme = look_.state.theme, .pages = {}};
  lookAtVolume();
  askPods();
  findGaps();
  compareAssets();
  compareCustom();
  if (look_.state.isPrivate)
    look_.notes.push_back("the site is private: what the pods render is not compared");
  else if (!differentThemes_)
    for (const std::string& path : plan_.pages) comparePage(path);
  return std::move(look_);
}

void Around::lookAtVolume() {
  if (!context_.dir || look_.state.theme.empty()) return;
  auto volume = lookAt(*context_.dir, look_.state.theme, known_.asset, context_.deadline);
  if (!volume) {
    look_.gaps.push_back({"", "the active theme in the content folder", volume.error()});
    return;
  }
  volume_ = std::move(*volume);
  known_.asset = volume_->asset;
  if (!volume_->unread.empty())
    look_.notes.push_back(fmt::format(
        "{} cannot be listed: which theme a pod serves is told by its pages, not by a file",
        quotable(volume_->unread)));
  if (volume_->presence == Presence::kThere && !volume_->missing.empty())
    claim(filesMissing(look_.state.theme, *volume_));
}

void Around::askPods() {
  pods_ = podsToAsk(context_.topology);
  for (const PodLook& look : pods_) names_.push_back(look.pod->name);
  std::erase_if(known_.pages, [&](const auto& one) {
    return std::ranges::find(names_, one.first.first) == names_.end();
  });
  Questions questions{.asset = {}, .pages = plan_.pages, .custom = {}, .fresh = plan_.fresh};
  questions.custom = plan_.custom && look_.state.custom && !context_.adminKey.empty();
  if (volume_ && volume_->asset) questions.asset = "/" + volume_->asset->path;
  const bool there = volume_ && volume_->presence == Presence::kThere;
  if (!there) questions.asset = known_.seenAsset;
  // Only the pods can tell whether the theme is missing for them as well.
  if (volume_ && !there && !plan_.volumeOnly && questions.asset.empty() && questions.pages.empty())
    questions.pages = {"/"};
  ask(context_, questions, pods_);
  if (!there && questions.asset.empty()) {
    known_.seenAsset = assetFromPages();
    if (!known_.seenAsset.empty())
      ask(context_, {.asset = known_.seenAsset, .pages = {}, .fresh = plan_.fresh}, pods_);
  }
  if (volume_ && !there) judgeMissing();
}

// The images of Ghost link the themes that come with them to a place outside the content folder:
// such a link leads nowhere from here. But files of the theme come from where the pods see it, so a
// pod that serves one has it.
void Around::judgeMissing() {
  const std::string where = "themes/" + look_.state.theme;
  bool served = false, failing = false;
  for (const PodLook& look : pods_) {
    const AssetAnswer answer = assetAnswer(look.asset, context_.site);
    served = served || (answer.known && !answer.absent);
    failing = failing || (answer.known && answer.absent);
    for (const auto& [path, page] : look.pages) failing = failing || (page && page->status >= 500);
  }
  if (served)
    look_.notes.push_back(fmt::format(
        "{} cannot be followed from here, but the pods have it: it is not compared with them",
        where));
  else if (failing || plan_.volumeOnly || volume_->presence != Presence::kDanglingLink)
    return claim(themeMissing(look_.state.theme, *volume_));
  else
    look_.notes.push_back(fmt::format("{} is a link that cannot be followed from here", where));
  volume_.reset();
}

// A style sheet or script that the first pod's page names.
std::string Around::assetFromPages() const {
  const std::string root = context_.site.pathOf("/");
  for (const PodLook& look : pods_)
    for (const auto& [path, answer] : look.pages) {
      if (!answer || answer->status != 200) continue;
      const Traits traits = traitsOf(answer->body, root.substr(0, root.size() - 1));
      for (const std::string& asset : traits.assets)
        if (asset.ends_with(".css") || asset.ends_with(".js")) return asset;
    }
  return "";
}

// Failing pages that say what is wrong are findings of the checks pods and posts.
void Around::findGaps() {
  for (const PodLook& look : pods_) {
    std::optional<Error> why;
    const auto take = [&](const Result<HttpResponse>& answer) {
      if (!why && (!answer || answer->status >= 500)) why = api::troubleOf(answer);
    };
    if (look.asset) take(*look.asset);
    for (const auto& [path, answer] : look.pages) take(answer);
    if (why) look_.gaps.push_back({look.pod->name, "its theme", *why});
  }
}

void Around::claim(Claim claim) {
  const auto same = [&](const Claim& one) {
    return one.code == claim.code && one.pod == claim.pod;
  };
  if (std::ranges::none_of(look_.claims, same)) look_.claims.push_back(std::move(claim));
}

void Around::compareAssets() {
  std::map<std::size_t, AssetAnswer> answers;
  for (std::size_t i = 0; i < pods_.size(); ++i)
    if (const AssetAnswer answer = assetAnswer(pods_[i].asset, context_.site);
        answer.known && !failsItsPages(i))
      answers[i] = answer;
  if (volume_ && volume_->asset)
    compareWithVolume(answers);
  else if (!volume_)
    compareAmongPods(answers);
}

// A pod whose theme is missing or broken is the business of the check pods.
bool Around::failsItsPages(std::size_t pod) const {
  const auto front = pods_[pod].pages.find("/");
  return front != pods_[pod].pages.end() && front->second && front->second->status >= 400 &&
         front->second->status != 404;
}

void Around::compareWithVolume(const std::map<std::size_t, AssetAnswer>& answers) {
  const Asset& asset = *volume_->asset;
  bool anyRight = false, anyOther = false;
  std::map<std::size_t, std::string> wrong;
  for (const auto& [pod, answer] : answers) {
    if (!answer.absent && answer.size == asset.size) {
      anyRight = true;
      continue;
    }
    wrong[pod] = answer.absent ? "" : asset.themesOf(answer.size);
    anyOther = anyOther || !wrong[pod].empty();
  }
  if (wrong.empty()) return;
  if (!anyRight && !anyOther) {
    look_.notes.push_back(fmt::format(
        "no pod serves {} as it is in the content folder: is that folder the pods' own?",
        asset.path));
    return;
  }
  for (const auto& [pod, other] : wrong) {
    // A file that was replaced, of which the pod's side of the volume still remembers the old size.
    if (other.empty() && !answers.at(pod).absent) {
      look_.notes.push_back(
          fmt::format("{} serves /{} with {}, as no theme in the content folder has it: not held "
                      "against it",
                      names_[pod], asset.path, answers.at(pod).text()));
      continue;
    }
    accused_.insert(pod);
    claim(otherTheme(look_.state, *pods_[pod].pod, "/" + asset.path, answers.at(pod), other,
                     fmt::format("{} bytes", asset.size), context_));
  }
}

// Each version of Ghost brings its own edition of the themes that come with it: only pods of one
// version must serve the same.
void Around::compareAmongPods(const std::map<std::size_t, AssetAnswer>& answers) {
  Pods pods;
  bool alike = true;
  for (const auto& [pod, answer] : answers) {
    pods.push_back(pod);
    alike = alike && answer.text() == answers.begin()->second.text();
  }
  if (alike) return;
  std::map<std::string, std::map<std::size_t, AssetAnswer>> byVersion;
  for (const auto& [pod, version] : versionsOf(context_, pods_, pods, plan_.fresh)) {
    if (version)
      byVersion[*version][pod] = answers.at(pod);
    else
      look_.gaps.push_back({names_[pod], "its Ghost version", version.error()});
    differentThemes_ = differentThemes_ || !version;
  }
  for (const auto& [version, same] : byVersion) compareAlike(same);
}

void Around::compareAlike(const std::map<std::size_t, AssetAnswer>& answers) {
  std::map<std::size_t, std::string> shown;
  for (const auto& [pod, answer] : answers) shown[pod] = answer.text();
  const Groups groups = groupsOf(shown);
  if (groups.size() < 2) return;
  differentThemes_ = true;
  const auto right =
      std::ranges::find_if(groups, [&](const Pods& group) { return startedSince(group); });
  const auto rights =
      std::ranges::count_if(groups, [&](const Pods& group) { return startedSince(group); });
  if (rights != 1)
    return claim(differentThemes(groups, names_, shown, known_.seenAsset, *pods_[0].pod, context_));
  for (const Pods& group : groups) {
    if (&group == &*right) continue;
    for (const std::size_t pod : group)
      claim(otherTheme(look_.state, *pods_[pod].pod, known_.seenAsset, answers.at(pod), "",
                       shown.at(right->front()), context_));
  }
}

// A pod that started after the theme was activated has the right one, and its like with it.
bool Around::startedSince(const Pods& pods) const {
  return std::ranges::any_of(pods, [&](std::size_t pod) {
    const auto& started = pods_[pod].pod->startedAt;
    return started && look_.state.changedAt && *started > *look_.state.changedAt;
  });
}

void Around::compareCustom() {
  bool refused = false;
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    if (!pods_[i].custom || accused_.contains(i)) continue;
    const Result<HttpResponse>& answer = *pods_[i].custom;
    // 5.x says "not implemented" to an integration, later ones refuse it.
    if (answer && (answer->status == 501 || answer->status == 403 || answer->status == 401)) {
      refused = true;
      continue;
    }
    const auto other = otherSettings(answer, *look_.state.custom);
    if (!other) {
      look_.gaps.push_back({names_[i], "its custom theme settings", other.error()});
    } else if (!other->empty()) {
      accused_.insert(i);
      claim(otherCustomSettings(look_.state.theme, *pods_[i].pod, *other, context_));
    }
  }
  if (refused)
    look_.notes.push_back(
        "custom theme settings are not read from the pods: the Admin API key is an integration's; "
        "give the staff access token of an administrator");
}

std::set<std::string> Around::certainOf(const std::string& path) {
  if (!volume_ || volume_->presence != Presence::kThere) return {};
  PageTemplates page{.candidates = {"home.hbs", "index.hbs"}, .subject = ""};
  if (path != "/") {
    const std::string trimmed = path.substr(0, path.size() - 1);
    page = {.candidates = {"post-" + trimmed.substr(trimmed.rfind('/') + 1) + ".hbs", "post.hbs"},
            .subject = "post"};
  }
  const std::string root = context_.site.pathOf("/");
  auto traits = certainTraits(*context_.dir, look_.state.theme, page,
                              std::string_view(root).substr(0, root.size() - 1), context_.deadline);
  if (traits) return std::move(*traits);
  look_.gaps.push_back({"", "the active theme's templates", traits.error()});
  return {};
}

// Such as would be printed as they are.
std::vector<std::string> Around::values() const {
  std::vector<std::string> values;
  if (!look_.state.custom) return values;
  for (const auto& [key, setting] : *look_.state.custom)
    if ((setting.type == "text" || setting.type == "color") && setting.value.size() >= 4 &&
        setting.value.find_first_of("<>&\"'\r\n") == std::string::npos &&
        (setting.type == "color" || setting.value.find_first_of("0123456789") == std::string::npos))
      values.push_back(setting.value);
  return values;
}

void Around::comparePage(const std::string& path) {
  const std::string root = context_.site.pathOf("/");
  std::map<std::string, Rendering> byVersion;
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    const auto answer = pods_[i].pages.find(path);
    if (accused_.contains(i) || answer == pods_[i].pages.end() || !answer->second ||
        answer->second->status != 200)
      continue;
    Traits traits =
        traitsOf(answer->second->body, std::string_view(root).substr(0, root.size() - 1));
    byVersion[traits.generator].pods[i] = std::move(traits);
  }
  for (auto& [version, rendering] : byVersion) {
    const bool stable = !plan_.fresh || !changedByItself(path, rendering);
    rememberPages(path, rendering);
    if (stable && !faultsOf(rendering).empty()) compareRendering(path, std::move(rendering));
  }
}

std::size_t hashOf(const Traits& traits) {
  std::size_t hash = 0;
  for (const std::string& trait : traits.all)
    hash = hash * 1'000'003 + std::hash<std::string>{}(trait);
  return hash;
}

// A page that is another one each time, or was edited between the looks, proves nothing.
bool Around::changedByItself(const std::string& path, const Rendering& rendering) const {
  return std::ranges::any_of(rendering.pods, [&](const auto& one) {
    const auto earlier = known_.pages.find({names_[one.first], path});
    return earlier != known_.pages.end() && earlier->second != hashOf(one.second);
  });
}

void Around::rememberPages(const std::string& path, const Rendering& rendering) {
  for (const auto& [pod, traits] : rendering.pods)
    known_.pages[{names_[pod], path}] = hashOf(traits);
}

void Around::compareRendering(const std::string& path, Rendering rendering) {
  if (path == "/" && context_.dir) {
    const auto chooses = choosesTemplates(*context_.dir, context_.deadline);
    if (!chooses || *chooses) {
      look_.notes.push_back(
          "the front page is not compared: routes.yaml gives it a template or data of its own");
      return;
    }
  }
  rendering.certain = certainOf(path);
  rendering.values = values();
  Pods all;
  for (const auto& [pod, traits] : rendering.pods) all.push_back(pod);
  std::optional<bool> explained;
  for (const PageFault& fault : faultsOf(rendering)) {
    if (fault.fault == Fault::kOldTemplates) {
      for (const std::size_t pod : fault.pods) {
        accused_.insert(pod);
        claim(oldTemplates(look_.state.theme, *pods_[pod].pod, path, fault, context_));
      }
      continue;
    }
    if (!explained) explained = settingsExplain(path, fault, all);
    if (*explained) continue;
    if (fault.fault == Fault::kOldSettings)
      for (const std::size_t pod : fault.pods)
        claim(oldCustomValue(look_.state.theme, *pods_[pod].pod, path, fault, context_));
    else
      claim(pagesDiffer(names_, path, fault, *pods_[fault.groups[1].front()].pod, context_));
  }
}

// Whether the difference may come of general settings, tiers or routes that differ, which other
// checks tell.
bool Around::settingsExplain(const std::string& path, const PageFault& fault, const Pods& pods) {
  if (path == "/" && fault.otherLinks) {
    look_.notes.push_back("the front page is not compared: the pods list other addresses there");
    return true;
  }
  const auto same = sameSettings(context_, pods_, pods);
  if (same && *same) return false;
  look_.notes.push_back(fmt::format(
      "the pods render {} differently, which is not held against them: {}", path,
      same ? "their settings or tiers differ as well"
           : "whether their settings differ is not known (" + same.error().message + ")"));
  return true;
}

}  // namespace

std::string Claim::key() const {
  return fmt::format("{}|{}|{}", static_cast<std::size_t>(code), pod, whose);
}

Result<Look> lookAround(const CheckContext& context, const Plan& plan, Known& known) {
  return Around(context, plan, known).look();
}

}  // namespace rollcall::checks::theme
