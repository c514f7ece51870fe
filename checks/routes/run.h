// One run of the check, and what the check remembers from run to run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/routes/comparison.h"
#include "checks/routes/pod_map.h"
#include "checks/routes/resources.h"
#include "daemon/content/known_routes.h"
#include "daemon/core/check.h"

namespace rollcall::checks::routes {

// Keys of Kept::sights that no pod's name can be.
inline constexpr const char* kFile = "/file";
inline constexpr const char* kOthers = "/others";
inline constexpr const char* kHash = "/hash";

using Differences = std::vector<Difference>;

// What real requests made of a pod's differences.
struct Verdict {
  Differences seen;   // as its sitemaps told them
  Differences wrong;  // what of them proved right to say; empty: the pod is fine
  MonoTime at{};
};

// Something that looks wrong, and since when just so.
struct Sight {
  std::string what;
  MonoTime at{};
};

struct Kept {
  std::map<std::string, Verdict> verdicts;  // by pod
  std::map<std::string, Sight> sights;      // by pod, or one of the keys above
  std::size_t runs = 0;
};

// The gap of a one-shot run whose pause does not fit its time.
Gap noTime(std::string pod, std::string what);

// One run of the check, step by step.
class Run {
 public:
  Run(Kept& kept, const CheckContext& context) : kept_(kept), context_(context) {}

  Result<Outcome> run();

 private:
  enum class Look { kFirst, kSecond };

  Result<void> learn(Look look);
  Result<bool> learnAgain();
  Result<void> judgeFile();
  bool fileIsOld() const;
  bool settled(const std::string& key, const std::string& what, const Gap& noTime);
  void readMaps(const std::vector<const Pod*>& pods, const MapWish& wish);
  void firstLook();
  Result<void> judgeByFile();
  std::vector<const Pod*> suspects();
  Result<bool> lookAgain(const std::vector<const Pod*>& suspects);
  void decide(const Pod& pod, const Differences& differences);
  Differences differencesOf(const PodMap& map) const;
  Differences standing(const std::string& pod) const;
  void report();
  Result<void> judgeByOthers();
  void judgeDisagreement(const Disagreement& one);
  Result<void> judgeHash();
  bool hashDiffers();
  bool allRouteFromHash();
  void addGap(Gap gap);
  bool hasGap(std::string_view pod) const;
  void again(Duration in) { outcome_.again = std::min(outcome_.again.value_or(in), in); }
  bool once() const { return context_.trigger == Trigger::kOnce; }
  IsPage isPage() const;

  Kept& kept_;
  const CheckContext& context_;
  Resources resources_;
  RoutesText text_;
  std::optional<Demand> demand_;
  std::string broken_;          // why routes.yaml cannot be used
  std::optional<Gap> unclear_;  // routes.yaml is beyond what is understood here
  std::vector<const Pod*> pods_;
  std::vector<PodMap> maps_;
  std::map<std::string, Differences> seen_;  // by pod, in the latest look of this run
  Outcome outcome_;
};

}  // namespace rollcall::checks::routes
