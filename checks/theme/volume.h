// The active theme in the content folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/content/content_dir.h"

namespace rollcall::checks::theme {

enum class Presence { kThere, kAbsent, kDanglingLink, kNoFolder };

// A file by whose size pods tell which theme they serve: all other themes have another one or none.
struct Asset {
  std::string path;  // below the theme: "assets/built/screen.css"
  std::uint64_t size = 0;
  std::map<std::string, std::uint64_t> elsewhere;  // other themes that have it -> its size there

  // The other themes whose file has this size: "casper, mine".
  std::string themesOf(std::uint64_t bytes) const;
};

struct Volume {
  Presence presence = Presence::kAbsent;
  std::vector<std::string> themes;   // folders below themes/
  std::vector<std::string> missing;  // files Ghost needs that are not in the theme
  std::optional<Asset> asset;        // empty when no file tells the theme from the others
  std::string unread;                // a folder that could not be listed, when there is no asset
};

// `known` is an asset that an earlier look chose for this theme: looked up instead of searched. An
// Error when the folder cannot be read, or is none of Ghost's.
Result<Volume> lookAt(ContentDir& dir, const std::string& theme, const std::optional<Asset>& known,
                      Deadline deadline);

// Which templates make a page: the first of them that is there. `subject` as in certainText().
struct PageTemplates {
  std::vector<std::string> candidates;
  std::string subject;
};

// What the theme's templates always print on a page, as traits: the page's template, the layout and
// their partials. Empty when they cannot be understood; an Error when they cannot be read.
Result<std::set<std::string>> certainTraits(ContentDir& dir, const std::string& theme,
                                            const PageTemplates& page, std::string_view root,
                                            Deadline deadline);

// Whether routes.yaml gives pages templates of their own, so that the front page may be anything.
Result<bool> choosesTemplates(ContentDir& dir, Deadline deadline);

}  // namespace rollcall::checks::theme
