// The ContentDir with the child's system calls replaced: for tests of volumes that hang.
#pragma once

#include <memory>
#include <string>

#include "daemon/content/child.h"
#include "daemon/content/content_dir.h"

namespace rollcall {

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder,
                                           const ChildCalls& calls);

}  // namespace rollcall
