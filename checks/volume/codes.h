// The codes of this check's findings.
#pragma once

#include <vector>

#include "daemon/core/finding.h"

namespace rollcall::checks::volume {

// In the order of findings().
enum Code : std::size_t {
  kReadOnly,
  kOwnMountReadOnly,
  kFull,
  kNoInodes,
  kQuota,
  kIoError,
  kStale,
  kRefused,
  kDisconnected,
  kMissing,
  kHangs,
  kSlow,
  kDiffers,
  kRunningFull,
  kRunningOutOfInodes,
  kSkewed,
  kForeignOwner,
  kOtherError,
  kOwnUserRefused,
};

const std::vector<FindingDef>& findings();

}  // namespace rollcall::checks::volume
