// How a look is taken: its steps are in claims.cc, what they compare in compare_assets.cc and
// compare_pages.cc.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/theme/claims.h"

namespace rollcall::checks::theme {

using Pods = std::vector<std::size_t>;

// One look, step by step.
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
  void compareCustom();
  void claim(Claim claim);

  void compareAssets();
  void compareWithVolume(const std::map<std::size_t, AssetAnswer>& answers);
  void compareAmongPods(const std::map<std::size_t, AssetAnswer>& answers);
  void compareAlike(const std::map<std::size_t, AssetAnswer>& answers);
  bool startedSince(const Pods& pods) const;
  bool failsItsPages(std::size_t pod) const;

  void comparePage(const std::string& path);
  void compareRendering(const std::string& path, Rendering rendering);
  bool changedByItself(const std::string& path, const Rendering& rendering) const;
  void rememberPages(const std::string& path, const Rendering& rendering);
  std::set<std::string> certainOf(const std::string& path);
  std::vector<std::string> values() const;
  bool settingsExplain(const std::string& path, const PageFault& fault, const Pods& pods);

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

}  // namespace rollcall::checks::theme
