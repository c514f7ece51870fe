// A content folder of what a test puts into it. Keeps to what daemon/content's contract test asks
// of it and of the real one alike.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/content/content_dir.h"
#include "daemon/content/own_files.h"

namespace rollcall::testing_support {

// Copyable: a test may keep a state and come back to it.
class FakeContentDir : public ContentDir {
 public:
  // The folders on the way come by themselves.
  void write(const std::string& path, std::string text,
             std::optional<WallTime> changed = std::nullopt) {
    put(path, {EntryKind::kFile, {std::move(text), changed}});
  }
  void makeFolder(const std::string& path) { put(path, {EntryKind::kFolder, {}}); }
  void linkToNowhere(const std::string& path) { put(path, {EntryKind::kDanglingLink, {}}); }
  // There, but the system does not say what it is.
  void makeUnknown(const std::string& path) { put(path, {EntryKind::kUnknown, {}}); }
  // Neither listed nor read from now on.
  void refuse(const std::string& path, ErrorCode code) { refused_[path] = code; }
  using ContentDir::remove;
  // A file or a link; its folder stays.
  void remove(const std::string& path) { nodes_.erase(path); }
  void clear() { nodes_.clear(); }

  std::string path() const override { return "/content"; }
  Result<std::string> read(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    auto found = file(path, maxBytes, deadline);
    if (!found) return found.error();
    return std::move(found->text);
  }
  Result<ContentFile> file(std::string_view path, std::size_t maxBytes, Deadline) override {
    const auto node = find(path);
    if (!node) return node.error();
    if (node->kind != EntryKind::kFile) return Error{ErrorCode::kProtocol, "is no regular file"};
    if (node->file.text.size() > maxBytes) return Error{ErrorCode::kProtocol, "is too large"};
    return node->file;
  }
  Result<std::vector<FolderEntry>> list(std::string_view path, Deadline) override {
    const auto node = find(path.empty() ? "." : path);
    if (!node) return node.error();
    if (node->kind != EntryKind::kFolder) return Error{ErrorCode::kProtocol, "is no folder"};
    const std::string below = path.empty() ? "" : std::string(path) + "/";
    std::vector<FolderEntry> entries;
    for (auto at = nodes_.lower_bound(below); at != nodes_.end(); ++at) {
      if (!at->first.starts_with(below)) break;
      const std::string name = at->first.substr(below.size());
      if (name.find('/') == std::string::npos)
        entries.push_back({name, at->second.kind, at->second.file.text.size()});
    }
    if (entries.size() > kMaxEntries) return Error{ErrorCode::kProtocol, "has too many entries"};
    return entries;
  }

  Result<std::vector<Result<FileFacts>>> stat(const std::vector<std::string>& paths,
                                              Deadline) override {
    std::vector<Result<FileFacts>> facts;
    for (const std::string& path : paths) {
      const auto node = find(path);
      if (error || (!node && node.error().code == ErrorCode::kInvalidArgument)) return node.error();
      if (!node) {
        facts.push_back(node.error());
        continue;
      }
      facts.push_back(
          FileFacts{node->kind, node->file.text.size(), node->file.changed.value_or(WallTime{})});
    }
    return facts;
  }

  std::string newCanaryName() override {
    return nameOf({OwnKind::kCanary, kHere, kThisProcess, ++serial_});
  }
  Result<WallTime> create(std::string_view path, std::string text, Deadline) override {
    if (const auto there = findOwn(path); there || there.error().code != ErrorCode::kNotFound)
      return there ? invalidArgument("File exists") : there.error();
    const auto folder = find(path.substr(0, path.rfind('/')));
    if (!folder) return folder.error();
    return put(std::string(path), std::move(text));
  }
  Result<WallTime> overwrite(std::string_view path, std::string text, Deadline) override {
    if (const auto there = findOwn(path); !there) return there.error();
    return put(std::string(path), std::move(text));
  }
  Result<void> remove(std::string_view path, Deadline) override {
    const bool uploaded = kindOf(path) == OwnKind::kUpload;
    const auto there = uploaded ? find(path) : findOwn(path);
    if (!there) return there.error();
    if (uploaded && there->file.text.size() != kUploadBytes)
      return invalidArgument("is no file of our own");
    nodes_.erase(std::string(path));
    return {};
  }
  Result<std::size_t> sweep(std::string_view folder, WallTime volumeNow, Deadline) override {
    if (const auto node = find(folder); !node) return node.error();
    return std::erase_if(nodes_, [&](const auto& one) {
      const std::string& path = one.first;
      if (path.substr(0, path.rfind('/')) != folder) return false;
      const auto own = parseOwnFile(path.substr(path.rfind('/') + 1));
      const WallTime changed = one.second.file.changed.value_or(WallTime{});
      return own && isLeftOver(*own, kHere, volumeNow - changed,
                               [](std::uint32_t process) { return process == kThisProcess; });
    });
  }
  // What the test put into `looks`; every folder asked for on one healthy mount when that is empty.
  std::vector<MountLook> probe(const VolumeQuestion& question, Deadline, std::stop_token) override {
    questions.push_back(question);
    if (!looks.empty()) return looks;
    MountLook look;
    look.mount = {1, "/content", "ext4", "/dev/volume", "rw", "rw"};
    for (const std::string& folder : question.folders) {
      FolderLook& each = look.folders.emplace_back();
      each.folder = folder;
      each.begun = true;
      each.step = ProbeStep::kDone;
      each.space = VolumeSpace{100u << 30, 60u << 30, 1'000'000, 900'000, false};
      each.owner = FolderOwner{1000, 1000, 0755};
      if (!question.write) continue;
      each.wrote = each.spent = std::chrono::milliseconds(3);
      each.synced = std::chrono::milliseconds(2);
      each.skew = Duration::zero();
    }
    return {look};
  }

  std::vector<MountLook> looks;
  std::vector<VolumeQuestion> questions;  // of probe()
  WallTime now{};                         // the volume's clock

  static constexpr std::uint64_t kHere = 7;
  static constexpr std::uint32_t kThisProcess = 42;

  std::vector<std::string> asked;  // for: the paths
  std::optional<Error> error;      // of every call, as with a volume that hangs

 private:
  struct Node {
    EntryKind kind = EntryKind::kFolder;
    ContentFile file;
  };

  static bool staysInside(std::string_view path) {
    const std::filesystem::path parts(path);
    return !path.empty() && !parts.is_absolute() && path.find('\0') == std::string_view::npos &&
           std::find(parts.begin(), parts.end(), "..") == parts.end();
  }
  WallTime put(const std::string& path, std::string text) {
    nodes_[path] = {EntryKind::kFile, {std::move(text), now}};
    return now;
  }
  static std::optional<OwnKind> kindOf(std::string_view path) {
    const auto own = parseOwnFile(path.substr(path.rfind('/') + 1));
    return own ? std::optional(own->kind) : std::nullopt;
  }
  Result<Node> findOwn(std::string_view path) {
    if (kindOf(path) != OwnKind::kCanary) return invalidArgument("is no file of our own");
    return find(path);
  }
  void put(const std::string& path, Node node) {
    for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
      nodes_.try_emplace(path.substr(0, at));
    nodes_.insert_or_assign(path, std::move(node));
  }
  Result<Node> find(std::string_view path) {
    asked.emplace_back(path);
    if (!staysInside(path)) return invalidArgument("is no path below the content folder");
    if (error) return *error;
    if (path == ".") return Node{};
    if (const auto at = refused_.find(path); at != refused_.end())
      return Error{at->second, "as the test asked"};
    const auto node = nodes_.find(std::string(path));
    if (node == nodes_.end() || node->second.kind == EntryKind::kDanglingLink)
      return Error{ErrorCode::kNotFound, "No such file or directory"};
    return node->second;
  }

  std::map<std::string, Node> nodes_;  // by path
  std::uint64_t serial_ = 0;
  std::map<std::string, ErrorCode, std::less<>> refused_;
};

}  // namespace rollcall::testing_support
