#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks/routes/probe.h"
#include "checks/routes/run.h"
#include "checks/routes/wording.h"

namespace rollcall::checks::routes {

using namespace std::chrono_literals;

// Nobody knows the file: an address that answers on one pod and not on another.
Result<void> Run::judgeByOthers() {
  const auto suspicions = disagreements(maps_, isPage());
  if (suspicions.empty()) {
    kept_.sights.erase(kOthers);
    return {};
  }
  std::string what;
  for (const Disagreement& one : suspicions)
    what += fmt::format("{}\n", one.kind ? name(*one.kind) : one.path);
  if (!settled(kOthers, what, noTime("", "the pods' routes"))) return {};
  const auto learned = learnAgain();
  if (!learned) return tl::unexpected<Error>(learned.error());
  if (demand_ || !broken_.empty() || unclear_) return {};  // by now the file is known
  readMaps(pods_, {});
  for (const Disagreement& one : disagreements(maps_, isPage())) {
    const bool before = std::ranges::any_of(
        suspicions, [&one](const Disagreement& other) { return sameMatter(one, other); });
    if (!before) again(1s);
    if (before && (one.kind || !resources_.mayBeAt(one.path, nullptr))) judgeDisagreement(one);
    if (!outcome_.findings.empty()) break;
  }
  return {};
}

void Run::judgeDisagreement(const Disagreement& one) {
  std::vector<Probe> probes;
  for (const Pod* pod : pods_) probes.push_back({pod, one.path});
  probe(context_, probes);
  std::vector<std::string> has, lack;
  for (const Probe& asked : probes) {
    if (asked.trouble) addGap({asked.pod->name, "a page the pods disagree about", *asked.trouble});
    if (asked.routed) has.push_back(asked.pod->name);
    if (asked.notFound) lack.push_back(asked.pod->name);
  }
  if (has.empty() || lack.empty()) return;
  Finding finding = disagreement(one.path, has, lack);
  finding.reproduce =
      context_.pods.reproduce(*pods_[one.lacks], ghost::encodePath(one.path), Door::kFront);
  outcome_.findings.push_back(std::move(finding));
}

}  // namespace rollcall::checks::routes
