#include "daemon/content/content_dir.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/content/content_dir_calls.h"
#include "daemon/content/reading_child.h"

namespace rollcall {
namespace {

// A relative path that stays below its folder. Symbolic links are left to the volume: Kubernetes
// mounts single files through them.
bool staysInside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos)
    return false;
  while (true) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

constexpr std::size_t kEntryBytes = 300;  // more than any record of a child

EntryKind kindOf(char letter) {
  if (letter == kFileLetter) return EntryKind::kFile;
  if (letter == kFolderLetter) return EntryKind::kFolder;
  if (letter == kUnknownLetter) return EntryKind::kUnknown;
  return letter == kDanglingLetter ? EntryKind::kDanglingLink : EntryKind::kOther;
}

Result<std::vector<FolderEntry>> entriesOf(std::string_view records) {
  std::vector<FolderEntry> entries;
  while (!records.empty()) {
    const std::string_view record = records.substr(0, records.find('\0'));
    records.remove_prefix(std::min(records.size(), record.size() + 1));
    const std::size_t slash = record.find('/');
    if (slash == std::string_view::npos || entries.size() == ContentDir::kMaxEntries)
      return Error{ErrorCode::kProtocol, "a folder has too many entries to be listed"};
    FolderEntry entry{std::string(record.substr(slash + 1)), kindOf(record.front())};
    std::from_chars(record.data() + 1, record.data() + slash, entry.size);
    entries.push_back(std::move(entry));
  }
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

class ForkingContentDir final : public ContentDir {
 public:
  ForkingContentDir(const Clock& clock, std::string folder, const ChildCalls& calls)
      : clock_(clock), folder_(std::move(folder)), calls_(calls) {}

  Result<std::string> read(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    auto found = file(path, maxBytes, deadline);
    if (!found) return found.error();
    return std::move(found->text);
  }

  Result<ContentFile> file(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    return ask(path, Wanted::kFile, maxBytes, deadline);
  }

  Result<std::vector<FolderEntry>> list(std::string_view path, Deadline deadline) override {
    const auto records =
        ask(path.empty() ? "." : path, Wanted::kFolder, kMaxEntries * kEntryBytes, deadline);
    if (!records) return records.error();
    return entriesOf(records->text);
  }

 private:
  Result<ContentFile> ask(std::string_view path, Wanted wanted, std::size_t maxBytes,
                          Deadline deadline) {
    if (!staysInside(path))
      return invalidArgument(
          fmt::format("\"{}\" is no path below the content folder {}", path, folder_));
    const std::unique_lock lock(busy_, deadline.left(clock_));
    if (!lock.owns_lock())
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the content folder {} is busy with an earlier read", folder_)};
    if (hanging_ && !hanging_->gone())
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the volume of the content folder {} hangs since {}", folder_,
                               formatTime(hangingSince_))};
    hanging_.reset();

    auto child = ReadingChild::start(fmt::format("{}/{}", folder_, path), wanted, maxBytes, calls_);
    if (!child) return child.error();
    const WallTime began = clock_.wall();
    Result<ContentFile> content = child->content(clock_, deadline);
    if (!child->gone()) {
      hanging_.emplace(std::move(*child));
      hangingSince_ = began;
    }
    return content;
  }

  const Clock& clock_;
  const std::string folder_;
  const ChildCalls calls_;
  std::timed_mutex busy_;  // guards what follows; held while a child is asked
  std::optional<ReadingChild> hanging_;
  WallTime hangingSince_{};
};

}  // namespace

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

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder) {
  return makeContentDir(clock, std::move(folder), systemCalls());
}

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder,
                                           const ChildCalls& calls) {
  return std::make_unique<ForkingContentDir>(clock, std::move(folder), calls);
}

}  // namespace rollcall
