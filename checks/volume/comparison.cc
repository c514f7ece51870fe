#include "checks/volume/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <tuple>

#include "checks/volume/judge.h"
#include "checks/volume/phrases.h"

namespace rollcall::checks::volume {
namespace {

constexpr std::size_t kPodsNamed = 3;

// What makes two findings the same but for the place.
using Key = std::tuple<std::string_view, std::string, std::string, bool>;

std::string in(const Finding& finding, const char* evidence) {
  const auto found = finding.evidence.find(evidence);
  return found == finding.evidence.end() ? "" : found->second;
}
Key keyOf(const Finding& finding) {
  return {finding.def->code, in(finding, "folders"), in(finding, "error"),
          in(finding, "skew_seconds").starts_with('-')};
}

// Nothing is said of a pod where no folder shows that Ghost can write, and none that it cannot.
std::optional<bool> isUp(const Judgement& judgement, const std::vector<MountLook>& looks) {
  if (std::ranges::any_of(judgement.findings, [](const Finding& one) {
        return one.def->severity == Severity::kCritical;
      }))
    return false;
  for (const MountLook& mount : looks)
    for (const FolderLook& look : mount.folders)
      if (look.begun && look.step == ProbeStep::kDone) return true;
  return std::nullopt;
}

class Comparison {
 public:
  Comparison(const std::vector<View>& views, const Limits& limits, std::size_t pods)
      : views_(views), limits_(limits), pods_(pods) {}

  Outcome compare() {
    judgements_.reserve(views_.size());
    for (const View& view : views_) look(view);
    for (const auto& [key, sightings] : sightings_) claim(key, sightings);
    return std::move(outcome_);
  }

 private:
  struct Sighting {
    const View* view;
    const Judgement* judgement;
    const Finding* finding;

    bool isAgents() const { return !view->place.pod.empty(); }
    double badness() const;
  };

  void look(const View& view);
  void claim(const Key& key, const std::vector<Sighting>& sightings);
  Finding ofAll(const Key& key, const std::vector<Sighting>& sightings) const;
  std::string named(const std::vector<std::string>& pods, bool ownToo) const;
  Judgement judged(const View& view, const Place& place) const {
    return judge(place, view.looks, limits_, view.forecasts);
  }

  const std::vector<View>& views_;
  const Limits& limits_;
  const std::size_t pods_;
  std::size_t agents_ = 0;
  std::vector<Judgement> judgements_;  // one for each view
  std::map<Key, std::vector<Sighting>> sightings_;
  Outcome outcome_;
};

// Of findings that differ by a number it is the worst that speaks for all.
double Comparison::Sighting::badness() const {
  if (finding->since) return -static_cast<double>(finding->since->time_since_epoch().count());
  if (const std::string skew = in(*finding, "skew_seconds"); !skew.empty())
    return std::abs(std::strtod(skew.c_str(), nullptr));
  if (in(*finding, "seconds").empty()) return 0;
  return judgement->facts.writeSeconds.value_or(std::numeric_limits<double>::infinity());
}

void Comparison::look(const View& view) {
  const Judgement& judgement = judgements_.emplace_back(judged(view, view.place));
  for (const Finding& finding : judgement.findings)
    sightings_[keyOf(finding)].push_back({&view, &judgement, &finding});
  std::ranges::copy(judgement.gaps, std::back_inserter(outcome_.gaps));
  std::ranges::copy(judgement.notes, std::back_inserter(outcome_.notes));
  const std::string& pod = view.place.pod;
  outcome_.tally.volumes[pod] = judgement.facts;
  if (pod.empty()) return;
  ++agents_;
  if (const auto up = isUp(judgement, view.looks)) outcome_.tally.volumeUp[pod] = *up;
}

void Comparison::claim(const Key& key, const std::vector<Sighting>& sightings) {
  const auto agents = std::ranges::count_if(sightings, &Sighting::isAgents);
  const bool isOfAll = static_cast<std::size_t>(agents) == agents_ && sightings.size() > 1;
  if (isOfAll) return outcome_.findings.push_back(ofAll(key, sightings));
  for (const Sighting& one : sightings) outcome_.findings.push_back(*one.finding);
}

Finding Comparison::ofAll(const Key& key, const std::vector<Sighting>& sightings) const {
  std::vector<std::string> pods;
  const Sighting* worst = nullptr;
  for (const Sighting& one : sightings) {
    if (!one.isAgents()) continue;
    pods.push_back(one.view->place.pod);
    if (worst == nullptr || one.badness() > worst->badness()) worst = &one;
  }
  Place place = worst->view->place;
  place.alike = named(pods, pods.size() < sightings.size());
  for (Finding& finding : judged(*worst->view, place).findings) {
    if (keyOf(finding) != key) continue;
    finding.evidence["pods"] = fmt::format("{}", fmt::join(pods, ", "));
    return std::move(finding);
  }
  std::abort();  // who else sees it changes nothing but the words
}

std::string Comparison::named(const std::vector<std::string>& pods, bool ownToo) const {
  std::string text =
      pods.size() <= kPodsNamed ? listed(pods) : fmt::format("{} of {} pods", pods.size(), pods_);
  if (pods.size() > 1 && pods.size() == pods_)
    text = pods_ == 2 ? "both pods" : fmt::format("all {} pods", pods_);
  return ownToo ? text + " and of Rollcall" : text;
}

}  // namespace

Outcome compare(const std::vector<View>& views, const Limits& limits, std::size_t pods) {
  return Comparison(views, limits, pods).compare();
}

}  // namespace rollcall::checks::volume
