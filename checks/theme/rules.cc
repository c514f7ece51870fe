#include "checks/theme/rules.h"

#include <algorithm>
#include <iterator>

namespace rollcall::checks::theme {
namespace {

using Pods = std::map<std::size_t, Traits>;

Groups alike(const Pods& pods) {
  Groups groups;
  for (const auto& [pod, traits] : pods) {
    const auto same = std::ranges::find_if(groups, [&pods, &all = traits.all](const auto& group) {
      return pods.at(group.front()).all == all;
    });
    if (same == groups.end())
      groups.push_back({pod});
    else
      same->push_back(pod);
  }
  return groups;
}

// The first certain trait that `traits` lacks.
const std::string* lacking(const std::set<std::string>& certain, const Traits& traits) {
  for (const std::string& trait : certain)
    if (!traits.all.contains(trait)) return &trait;
  return nullptr;
}

bool shows(const Traits& traits, const std::string& value) {
  return std::ranges::any_of(
      traits.all, [&](const std::string& trait) { return trait.find(value) != std::string::npos; });
}

// Takes the pods for which `reasonAgainst` knows one out of `pods`, provided that others stand
// well: without those it is not the pods that are wrong but what we hold against them.
template <class Reason>
void takeWrong(Fault fault, Reason reasonAgainst, Pods& pods, std::vector<PageFault>& faults) {
  std::map<std::size_t, std::string> wrong;
  for (const auto& [pod, traits] : pods)
    if (const std::string* reason = reasonAgainst(traits)) wrong[pod] = *reason;
  if (wrong.empty() || wrong.size() == pods.size()) return;
  PageFault found{.fault = fault, .pods = {}, .trait = wrong.begin()->second, .groups = {}};
  for (const auto& [pod, reason] : wrong) {
    found.pods.push_back(pod);
    pods.erase(pod);
  }
  faults.push_back(std::move(found));
}

PageFault difference(const Pods& pods, Groups groups) {
  PageFault found{.fault = Fault::kDiffers, .pods = {}, .trait = {}, .groups = std::move(groups)};
  const Traits& first = pods.at(found.groups[0].front());
  const Traits& second = pods.at(found.groups[1].front());
  std::vector<std::string> unlike;
  std::ranges::set_symmetric_difference(first.all, second.all, std::back_inserter(unlike));
  found.trait = unlike.front();
  for (const auto& [pod, traits] : pods) {
    found.pods.push_back(pod);
    found.otherLinks = found.otherLinks || traits.links != first.links;
  }
  return found;
}

}  // namespace

Groups groupsOf(const std::map<std::size_t, std::string>& shown) {
  Groups groups;
  std::map<std::string, std::size_t> place;
  for (const auto& [pod, what] : shown) {
    const auto [at, fresh] = place.try_emplace(what, groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(pod);
  }
  return groups;
}

std::string namesOf(const std::vector<std::size_t>& pods, const std::vector<std::string>& names) {
  std::string text;
  for (const std::size_t pod : pods) text += (text.empty() ? "" : ", ") + names[pod];
  return text;
}

std::vector<PageFault> faultsOf(const Rendering& rendering) {
  std::vector<PageFault> faults;
  Pods pods = rendering.pods;
  if (pods.size() < 2 || alike(pods).size() < 2) return faults;
  takeWrong(
      Fault::kOldTemplates,
      [&](const Traits& traits) { return lacking(rendering.certain, traits); }, pods, faults);
  for (const std::string& value : rendering.values)
    takeWrong(
        Fault::kOldSettings,
        [&](const Traits& traits) { return shows(traits, value) ? nullptr : &value; }, pods,
        faults);
  if (Groups groups = alike(pods); groups.size() > 1)
    faults.push_back(difference(pods, std::move(groups)));
  return faults;
}

}  // namespace rollcall::checks::theme
