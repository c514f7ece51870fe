// Files as every pod serves them and as they are in the content folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/images/judge.h"
#include "daemon/core/check.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::images {

struct Question {
  std::string path;
  Reason reason = Reason::kSweep;
};

// A pod and, once it did not answer, why: it is not asked any more.
struct Asked {
  const Pod* pod = nullptr;
  std::optional<Error> silent = {};
};

struct Looks {
  std::vector<FileLook> files;  // as the questions
  std::optional<Error> volume;  // why not all of them could be looked at in the content folder
};

// Each pod has its own line of requests, which ends when it does not answer: a pod that hangs on
// its volume costs one timeout, and delays nobody else.
Looks lookAt(const CheckContext& context, std::vector<Asked>& pods,
             const std::vector<Question>& questions);

}  // namespace rollcall::checks::images
