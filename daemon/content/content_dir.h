// The shared content folder. Only ever touched by a forked child with a deadline: a read on a
// volume that hangs cannot be ended from within the thread that made it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// A file as it was read. `changed` is its time of modification by the volume's clock; nothing where
// that is not known.
struct ContentFile {
  std::string text;
  std::optional<WallTime> changed;
};

// What an entry of a folder is, symbolic links followed. Unknown: it is there, but the system does
// not say what it is (no rights, or the volume fails).
enum class EntryKind { kFile, kFolder, kDanglingLink, kOther, kUnknown };

struct FolderEntry {
  std::string name;
  EntryKind kind = EntryKind::kOther;
  std::uint64_t size = 0;  // of a file
};

// Thread-safe. At most one outstanding child; while an earlier one hangs, calls answer
// kUnavailable.
class ContentDir {
 public:
  virtual ~ContentDir() = default;
  // `path` is relative to the folder. kNotFound when absent; kProtocol beyond `maxBytes`;
  // kDeadlineExceeded when the volume does not answer.
  virtual Result<std::string> read(std::string_view path, std::size_t maxBytes,
                                   Deadline deadline) = 0;
  // The same with its time.
  virtual Result<ContentFile> file(std::string_view path, std::size_t maxBytes, Deadline deadline) {
    auto text = read(path, maxBytes, deadline);
    if (!text) return text.error();
    return ContentFile{std::move(*text), std::nullopt};
  }
  // A folder's entries by name, without "." and ".."; errors as read(), kProtocol when it is no
  // folder or holds more than `kMaxEntries`. An empty path is the content folder itself.
  virtual Result<std::vector<FolderEntry>> list(std::string_view path, Deadline deadline) {
    static_cast<void>(deadline);
    return Error{ErrorCode::kUnavailable, "the folder " + std::string(path) + " cannot be listed"};
  }

  static constexpr std::size_t kMaxEntries = 2'000;
};

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder);

// Why `absence`, the kNotFound of a file below `folder`, is no word of Ghost's: the folder is not
// there either, as with a wrong path, a volume that went away or a part of the content folder.
// Nothing where the content folder has it: Ghost's always do, with or without files.
std::optional<Error> doubtOf(const Error& absence, std::string_view folder, ContentDir& dir,
                             Deadline deadline);

}  // namespace rollcall
