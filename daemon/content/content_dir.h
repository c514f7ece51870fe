// The shared content folder. Only ever touched by a forked child with a deadline: a read on a
// volume that hangs cannot be ended from within the thread that made it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/content/volume_probe.h"
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

// What a file is like, symbolic links followed; `changed` by the volume's clock.
struct FileFacts {
  EntryKind kind = EntryKind::kOther;
  std::uint64_t size = 0;
  WallTime changed{};

  bool operator==(const FileFacts&) const = default;
};

struct FolderEntry {
  std::string name;
  EntryKind kind = EntryKind::kOther;
  std::uint64_t size = 0;  // of a file
};

// Thread-safe. At most two outstanding children per mount, one that reads and one that writes:
// calls of either kind wait for one another until their deadline, and while an earlier one hangs
// they answer kUnavailable. Where only writing hangs, files are read. Paths are relative to the
// folder.
class ContentDir {
 public:
  virtual ~ContentDir() = default;
  // The folder itself, absolute: for people, and for what they type.
  virtual std::string path() const = 0;
  // kNotFound when absent; kProtocol beyond `maxBytes`; kDeadlineExceeded when the volume does not
  // answer.
  virtual Result<std::string> read(std::string_view path, std::size_t maxBytes,
                                   Deadline deadline) = 0;
  // The same with its time.
  virtual Result<ContentFile> file(std::string_view path, std::size_t maxBytes,
                                   Deadline deadline) = 0;
  // A folder's entries by name, without "." and ".."; errors as read(), kProtocol when it is no
  // folder or holds more than `kMaxEntries`. An empty path is the content folder itself.
  virtual Result<std::vector<FolderEntry>> list(std::string_view path, Deadline deadline) = 0;
  // What each of these is like: all on one mount, that of the first. An Error of its own for each
  // that cannot be looked at, kNotFound when absent.
  virtual Result<std::vector<Result<FileFacts>>> stat(const std::vector<std::string>& paths,
                                                      Deadline deadline) = 0;

  // The name of a canary (see own_files.h) that nobody ever used.
  virtual std::string newCanaryName() = 0;
  // Creates, overwrites in place or removes a file that everybody may read and that is on the disk
  // afterwards. Its name must be a canary's: kInvalidArgument otherwise, and when it is there
  // already. remove() also takes what was uploaded through a pod, known by name and size. The time
  // is the file's, by the volume's clock.
  virtual Result<WallTime> create(std::string_view path, std::string text, Deadline deadline) = 0;
  virtual Result<WallTime> overwrite(std::string_view path, std::string text,
                                     Deadline deadline) = 0;
  virtual Result<void> remove(std::string_view path, Deadline deadline) = 0;
  // Removes own files that nobody needs any more from a folder; how many.
  virtual Result<std::size_t> sweep(std::string_view folder, WallTime volumeNow,
                                    Deadline deadline) = 0;

  // Writes to folders and reads back. One child per mount, all at once; each ends by `deadline`.
  // Own files that nobody needs any more are removed from these folders.
  virtual std::vector<MountLook> probe(const VolumeQuestion& question, Deadline deadline,
                                       std::stop_token stop) = 0;

  static constexpr std::size_t kMaxEntries = 2'000;
};

// `clock` is borrowed.
std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder);

// Why `absence`, the kNotFound of a file below `folder`, is no word of Ghost's: the folder is not
// there either, as with a wrong path, a volume that went away or a part of the content folder.
// Nothing where the content folder has it: Ghost's always do, with or without files.
std::optional<Error> doubtOf(const Error& absence, std::string_view folder, ContentDir& dir,
                             Deadline deadline);

}  // namespace rollcall
