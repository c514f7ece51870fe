#include <fmt/format.h>

#include <algorithm>

#include "daemon/content/content_dir.h"

namespace rollcall {

std::optional<Error> doubtOf(const Error& absence, std::string_view folder, ContentDir& dir,
                             Deadline deadline) {
  const auto top = dir.list("", deadline);
  if (!top) return top.error();
  const bool there = std::ranges::any_of(*top, [&](const FolderEntry& entry) {
    return entry.name == folder && entry.kind == EntryKind::kFolder;
  });
  if (there) return std::nullopt;
  return Error{ErrorCode::kNotFound,
               fmt::format("{}; there is no folder {} either, which Ghost's content folder has: is "
                           "this it, and is all of it mounted?",
                           absence.message, folder)};
}

}  // namespace rollcall
