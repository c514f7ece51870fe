// Files of a report, each replaced as a whole.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall {

// (name, content) of each. The folder must be there. A reader sees a file as it was before or as it
// is now, never a part. The Error names the file.
Result<void> writeFiles(const std::string& folder,
                        const std::vector<std::pair<std::string, std::string>>& files);

}  // namespace rollcall
