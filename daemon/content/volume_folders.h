// Which folders of the content folder are looked at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall {

// Those that Ghost writes to.
inline constexpr std::string_view kGhostFolders = "images, media, files, themes, settings, data";

// "images, media" -> the names, each once; kInvalidArgument when it names none, too many, or
// something that is not below the content folder.
Result<std::vector<std::string>> parseFolders(std::string_view list);

}  // namespace rollcall
