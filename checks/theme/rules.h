// Which pods render what they should not. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/theme/traits.h"

namespace rollcall::checks::theme {

// Pods (by their index) that show the same; in the order of their first pod.
using Groups = std::vector<std::vector<std::size_t>>;
Groups groupsOf(const std::map<std::size_t, std::string>& shown);
// "pod-1, pod-3" and the like.
std::string namesOf(const std::vector<std::size_t>& pods, const std::vector<std::string>& names);

// One page as several pods rendered it: all of them with status 200 and of one version.
struct Rendering {
  std::map<std::size_t, Traits> pods;
  std::set<std::string> certain;    // traits of what the templates on the volume always print
  std::vector<std::string> values;  // custom theme settings in the database that are free text
};

enum class Fault {
  kOldTemplates,  // lacks what the templates on the volume always print, which others show
  kOldSettings,   // lacks the value in the database that others show
  kDiffers,       // from other pods; nothing proves who is right
};

struct PageFault {
  Fault fault;
  std::vector<std::size_t> pods;  // the wrong ones; of kDiffers all
  std::string trait;              // what the wrong ones lack, or of kDiffers one that not all have
  Groups groups;                  // of kDiffers
  bool otherLinks = false;        // of kDiffers: the pages link to other addresses as well
};

// Nothing when all pods render alike.
std::vector<PageFault> faultsOf(const Rendering& rendering);

}  // namespace rollcall::checks::theme
