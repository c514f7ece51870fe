// The sentences of this check's findings.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "checks/theme/claims.h"

namespace rollcall::checks::theme {

// What a page or a file name holds, cut and without what steers a terminal.
std::string quotable(std::string_view text);

Claim themeMissing(const std::string& theme, const Volume& volume);
Claim filesMissing(const std::string& theme, const Volume& volume);
// `other` names the themes whose file the pod serves; `right` is what the file should be.
Claim otherTheme(const ThemeState& state, const Pod& pod, const std::string& path,
                 const AssetAnswer& answer, const std::string& other, const std::string& right,
                 const CheckContext& context);
Claim differentThemes(const Groups& groups, const std::vector<std::string>& names,
                      const std::map<std::size_t, std::string>& shown, const std::string& path,
                      const Pod& asked, const CheckContext& context);
Claim oldTemplates(const std::string& theme, const Pod& pod, const std::string& path,
                   const PageFault& fault, const CheckContext& context);
Claim oldCustomValue(const std::string& theme, const Pod& pod, const std::string& path,
                     const PageFault& fault, const CheckContext& context);
Claim otherCustomSettings(const std::string& theme, const Pod& pod,
                          const std::vector<std::string>& keys, const CheckContext& context);
Claim pagesDiffer(const std::vector<std::string>& names, const std::string& path,
                  const PageFault& fault, const Pod& asked, const CheckContext& context);

}  // namespace rollcall::checks::theme
