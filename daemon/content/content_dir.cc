#include "daemon/content/content_dir.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/content/content_dir_calls.h"
#include "daemon/content/mount_slot.h"
#include "daemon/content/own_files.h"
#include "daemon/content/reading.h"
#include "daemon/content/writing.h"

namespace rollcall {
namespace {

constexpr std::size_t kEntryBytes = 300;  // more than any record of a child

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

// As the name of an own file says; nothing for any other file, and for those of a probe, which
// nobody but the probe touches.
std::optional<OwnKind> kindOf(std::string_view path) {
  const auto own = parseOwnFile(path.substr(path.rfind('/') + 1));
  if (!own || own->kind == OwnKind::kProbe) return std::nullopt;
  return own->kind;
}

// Without a slash at its end, which no mount point has.
std::string absolute(const std::string& folder) {
  std::string path = std::filesystem::absolute(folder).lexically_normal().string();
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

struct ProbeGroup {
  Mount mount;
  std::vector<std::string> folders;
};

class ForkingContentDir final : public ContentDir {
 public:
  ForkingContentDir(const Clock& clock, const std::string& folder, const ChildCalls& calls)
      : clock_(clock),
        folder_(absolute(folder)),
        calls_(calls),
        serial_(static_cast<std::uint64_t>(clock.wall().time_since_epoch().count()) << 16) {}

  std::string path() const override { return folder_; }

  Result<std::string> read(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    auto found = file(path, maxBytes, deadline);
    if (!found) return found.error();
    return std::move(found->text);
  }

  Result<ContentFile> file(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    return readAt(path, Wanted::kFile, maxBytes, deadline);
  }

  Result<std::vector<FolderEntry>> list(std::string_view path, Deadline deadline) override {
    const auto records =
        readAt(path.empty() ? "." : path, Wanted::kFolder, kMaxEntries * kEntryBytes, deadline);
    if (!records) return records.error();
    return entriesOf(records->text);
  }

  Result<std::vector<Result<FileFacts>>> stat(const std::vector<std::string>& paths,
                                              Deadline deadline) override {
    if (paths.empty()) return std::vector<Result<FileFacts>>{};
    std::vector<std::string> absolute;
    for (const std::string& path : paths) {
      if (!staysInside(path)) return outside(path);
      absolute.push_back(pathOf(path));
    }
    auto ended = ask(
        Access::kRead, absolute.front(), [&](int pipe) { return statPaths(absolute, pipe); },
        deadline);
    if (!ended) return ended.error();
    return judgeStat(absolute, ended->received);
  }

  std::string newCanaryName() override {
    return nameOf(
        {OwnKind::kCanary, place_, static_cast<std::uint32_t>(::getpid()), takeSerials(1)});
  }

  Result<WallTime> create(std::string_view path, std::string text, Deadline deadline) override {
    return write(path, std::move(text), true, deadline);
  }
  Result<WallTime> overwrite(std::string_view path, std::string text, Deadline deadline) override {
    return write(path, std::move(text), false, deadline);
  }

  Result<void> remove(std::string_view path, Deadline deadline) override {
    const auto kind = kindOf(path);
    if (!staysInside(path) || !kind) return notOurs(path);
    RemoveWork work{pathOf(path), std::nullopt};
    if (*kind == OwnKind::kUpload) work.bytes = kUploadBytes;
    const auto ended = ask(
        Access::kWrite, work.path, [&](int) { return removeFile(work); }, deadline);
    if (!ended) return ended.error();
    if (ended->status == EINVAL) return notOurs(path);
    if (ended->status != 0) return pathError("remove", work.path, ended->status);
    return {};
  }

  Result<std::size_t> sweep(std::string_view folder, WallTime volumeNow,
                            Deadline deadline) override {
    if (!staysInside(folder)) return outside(folder);
    const SweepWork work{pathOf(folder), place_, volumeNow};
    const auto ended = ask(
        Access::kWrite, work.folder, [&](int pipe) { return sweepFolder(work, pipe, calls_); },
        deadline);
    if (!ended) return ended.error();
    if (ended->status != 0) return pathError("list", work.folder, ended->status);
    std::uint32_t removed = 0;
    if (ended->received.size() == sizeof removed)
      std::memcpy(&removed, ended->received.data(), sizeof removed);
    return std::size_t{removed};
  }

  std::vector<MountLook> probe(const VolumeQuestion& question, Deadline deadline,
                               std::stop_token stop) override {
    std::vector<ProbeGroup> groups = groupsOf(question.folders);
    std::vector<MountLook> looks(groups.size());
    {
      std::vector<std::jthread> threads;
      const auto look = [&](std::size_t i) {
        looks[i] = probeMount(std::move(groups[i]), question, deadline, stop);
      };
      for (std::size_t i = 1; i < groups.size(); ++i) {
        try {
          threads.emplace_back(look, i);
        } catch (const std::system_error&) {
          look(i);  // no thread is to be had: one after another
        }
      }
      if (!groups.empty()) look(0);
    }
    for (const std::string& folder : question.folders)
      if (!staysInside(folder))
        looks.push_back({.folders = {{.folder = folder}}, .error = outside(folder)});
    return looks;
  }

 private:
  std::string pathOf(std::string_view path) const { return fmt::format("{}/{}", folder_, path); }

  Error outside(std::string_view path) const {
    return invalidArgument(
        fmt::format("\"{}\" is no path below the content folder {}", path, folder_));
  }
  Error notOurs(std::string_view path) const {
    return invalidArgument(fmt::format("\"{}\" is no file of Rollcall's own", path));
  }

  std::uint64_t takeSerials(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    return std::exchange(serial_, serial_ + count);
  }

  MountSlot& slotOf(const std::string& mountPoint) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<MountSlot>& slot = slots_[mountPoint];
    if (!slot) slot = std::make_unique<MountSlot>(clock_, calls_);
    return *slot;
  }

  Result<MountSlot::Ended> ask(Access access, const std::string& absolute,
                               const std::function<int(int)>& work, Deadline deadline) {
    const std::vector<Mount> mounts = readMounts();
    const Mount* mount = mountOf(absolute, mounts);
    return slotOf(mount ? mount->point : "").ask(access, absolute, work, deadline);
  }

  Result<ContentFile> readAt(std::string_view path, Wanted wanted, std::size_t maxBytes,
                             Deadline deadline) {
    if (!staysInside(path)) return outside(path);
    const ReadWork work{pathOf(path), wanted, maxBytes};
    auto ended = ask(
        Access::kRead, work.path, [&](int pipe) { return readPath(work, pipe, calls_); }, deadline);
    if (!ended) return ended.error();
    return judgeRead(work, ended->status, std::move(ended->received));
  }

  Result<WallTime> write(std::string_view path, std::string text, bool create, Deadline deadline) {
    if (!staysInside(path) || kindOf(path) != OwnKind::kCanary) return notOurs(path);
    const WriteWork work{pathOf(path), std::move(text), create};
    const auto ended = ask(
        Access::kWrite, work.path, [&](int pipe) { return writeFile(work, pipe, calls_); },
        deadline);
    if (!ended) return ended.error();
    return judgeWrite(work, ended->status, ended->received);
  }

  std::vector<ProbeGroup> groupsOf(const std::vector<std::string>& folders) const {
    const std::vector<Mount> mounts = readMounts();
    std::map<std::string, ProbeGroup> groups;
    for (const std::string& folder : folders) {
      if (!staysInside(folder)) continue;
      const Mount* mount = mountOf(pathOf(folder), mounts);
      ProbeGroup& group = groups[mount ? mount->point : ""];
      if (mount) group.mount = *mount;
      group.folders.push_back(folder);
    }
    std::vector<ProbeGroup> list;
    for (auto& [point, group] : groups) list.push_back(std::move(group));
    return list;
  }

  MountLook probeMount(ProbeGroup group, const VolumeQuestion& question, Deadline deadline,
                       const std::stop_token& stop) {
    ProbeWork work{.folders = {},
                   .write = question.write,
                   .place = place_,
                   .serial = takeSerials(group.folders.size())};
    MountLook look;
    for (std::string& folder : group.folders) {
      work.folders.push_back({.path = pathOf(folder)});
      look.folders.push_back({.folder = std::move(folder)});
    }
    look.mount = std::move(group.mount);
    slotOf(look.mount.point).probe(std::move(work), question.patience, deadline, stop, look);
    return look;
  }

  const Clock& clock_;
  const std::string folder_;
  const ChildCalls calls_;
  const std::uint64_t place_ = readPlace();
  std::mutex mutex_;  // guards what follows; never held while a volume is touched
  std::uint64_t serial_;
  std::map<std::string, std::unique_ptr<MountSlot>> slots_;  // by mount point
};

}  // namespace

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder) {
  return makeContentDir(clock, std::move(folder), systemCalls());
}

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder,
                                           const ChildCalls& calls) {
  return std::make_unique<ForkingContentDir>(clock, folder, calls);
}

}  // namespace rollcall
