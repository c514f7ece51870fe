// The table of codes, and findings in words.
#pragma once

#include <string>
#include <vector>

#include "checks/images/judge.h"
#include "checks/images/look.h"
#include "checks/images/questions.h"

namespace rollcall::checks::images {

const std::vector<FindingDef>& findings();

// What one finding speaks of: the same fault, of one pod or of one owner.
struct Scene {
  Code code = Code::kMissing;
  const Pod* pod = nullptr;  // null: of no single one
  std::vector<const FileLook*> files;
  std::vector<Owner> owners;  // of the files, in their order
  std::size_t number = 0;     // of the pod, among those that were asked
  std::size_t asked = 0;      // files that were asked for in this run
  bool everything = false;    // of kMissing: not one of them was found
  std::vector<Asked> pods;    // those that were asked
};

Finding findingOf(const Scene& scene, const CheckContext& context);

}  // namespace rollcall::checks::images
