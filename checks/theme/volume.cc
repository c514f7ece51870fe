#include "checks/theme/volume.h"

#include <algorithm>
#include <deque>
#include <tuple>

#include "checks/theme/template_text.h"
#include "checks/theme/traits.h"

namespace rollcall::checks::theme {
namespace {

constexpr std::size_t kMaxFolders = 12;  // looked into for an asset,
constexpr std::size_t kMaxCandidates = 12;
constexpr std::size_t kMaxThemes = 20;  // compared with the active one
constexpr std::size_t kTemplateBytes = 256u << 10;
constexpr std::size_t kRoutesBytes = 1u << 20;
constexpr std::string_view kNeeded[] = {"package.json", "index.hbs", "post.hbs"};

// A name from the database is no path.
bool isName(std::string_view theme) {
  return !theme.empty() && theme != "." && theme != ".." &&
         theme.find('/') == std::string_view::npos;
}

std::string folderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

const FolderEntry* find(const std::vector<FolderEntry>& entries, std::string_view name) {
  const auto at = std::ranges::find(entries, name, &FolderEntry::name);
  return at == entries.end() ? nullptr : &*at;
}

// What is there, but not to be looked at, is neither missing nor well.
std::optional<Error> unknown(const FolderEntry* entry, const std::string& path) {
  if (!entry || entry->kind != EntryKind::kUnknown) return std::nullopt;
  return Error{ErrorCode::kPermissionDenied, "what " + path + " is cannot be told"};
}

Presence presenceOf(const FolderEntry* entry) {
  if (!entry) return Presence::kAbsent;
  if (entry->kind == EntryKind::kDanglingLink) return Presence::kDanglingLink;
  return entry->kind == EntryKind::kFolder ? Presence::kThere : Presence::kNoFolder;
}

// Such a folder stays as it is; a volume that fails is another matter.
bool isNotListable(const Error& error) {
  return error.code == ErrorCode::kProtocol || error.code == ErrorCode::kPermissionDenied;
}

// Lists every folder once.
class Lists {
 public:
  Lists(ContentDir& dir, Deadline deadline) : dir_(dir), deadline_(deadline) {}

  // Null when it is not there; an Error when it cannot be read.
  Result<const std::vector<FolderEntry>*> of(const std::string& path) {
    auto known = lists_.find(path);
    if (known == lists_.end()) known = lists_.emplace(path, dir_.list(path, deadline_)).first;
    const Result<std::vector<FolderEntry>>& entries = known->second;
    const std::vector<FolderEntry>* list = entries ? &*entries : nullptr;
    if (entries || entries.error().code == ErrorCode::kNotFound) return list;
    if (isNotListable(entries.error())) unread_ = path;
    return entries.error();
  }
  // The last that may not be listed, or is too large for it.
  const std::string& unread() const { return unread_; }

  // Of a file; nullopt when there is none.
  Result<std::optional<std::uint64_t>> sizeOf(const std::string& path) {
    const auto entries = of(folderOf(path));
    if (!entries) return entries.error();
    std::optional<std::uint64_t> size;
    const FolderEntry* entry =
        *entries ? find(**entries, std::string_view(path).substr(path.rfind('/') + 1)) : nullptr;
    if (auto error = unknown(entry, path)) return *error;
    if (entry && entry->kind == EntryKind::kFile) size = entry->size;
    return size;
  }

 private:
  ContentDir& dir_;
  const Deadline deadline_;
  std::map<std::string, Result<std::vector<FolderEntry>>> lists_;
  std::string unread_;
};

bool mayBeAsked(const FolderEntry& entry) {
  return entry.kind == EntryKind::kFile && entry.size > 0 && !entry.name.ends_with(".hbs") &&
         !entry.name.starts_with('.') && std::ranges::all_of(entry.name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

bool isStyleOrScript(const Asset& asset) {
  return asset.path.ends_with(".css") || asset.path.ends_with(".js");
}

// Styles and scripts first: they differ most. Then the smallest, which cost least.
Result<std::vector<Asset>> candidatesOf(Lists& lists, const std::string& theme) {
  std::vector<Asset> found;
  std::deque<std::string> folders = {"assets"};
  for (std::size_t i = 0; i < kMaxFolders && !folders.empty(); ++i) {
    const std::string folder = folders.front();
    folders.pop_front();
    const auto entries = lists.of("themes/" + theme + "/" + folder);
    if (!entries && !isNotListable(entries.error())) return entries.error();
    if (!entries || !*entries) continue;
    for (const FolderEntry& entry : **entries) {
      if (mayBeAsked(entry))
        found.push_back({.path = folder + "/" + entry.name, .size = entry.size, .elsewhere = {}});
      else if (entry.kind == EntryKind::kFolder && !entry.name.starts_with('.'))
        folders.push_back(folder + "/" + entry.name);
    }
  }
  std::ranges::sort(found, [](const Asset& a, const Asset& b) {
    return std::tuple(!isStyleOrScript(a), a.size, a.path) <
           std::tuple(!isStyleOrScript(b), b.size, b.path);
  });
  if (found.size() > kMaxCandidates) found.resize(kMaxCandidates);
  return found;
}

// Fills `elsewhere`; false when another theme has the same file, or may have it.
Result<bool> tellsApart(Lists& lists, const Volume& volume, const std::string& theme,
                        Asset& asset) {
  std::size_t compared = 0;
  for (const std::string& other : volume.themes) {
    if (other == theme || ++compared > kMaxThemes) continue;
    const auto size = lists.sizeOf("themes/" + other + "/" + asset.path);
    if (!size && isNotListable(size.error())) return false;
    if (!size) return size.error();
    if (*size == asset.size) return false;
    if (*size) asset.elsewhere[other] = **size;
  }
  return true;
}

Result<std::optional<Asset>> chooseAsset(Lists& lists, const Volume& volume,
                                         const std::string& theme,
                                         const std::optional<Asset>& known) {
  std::vector<Asset> candidates;
  if (known) {
    const auto size = lists.sizeOf("themes/" + theme + "/" + known->path);
    if (!size && !isNotListable(size.error())) return size.error();
    if (size && *size) candidates.push_back({.path = known->path, .size = **size, .elsewhere = {}});
  }
  if (candidates.empty()) {
    auto found = candidatesOf(lists, theme);
    if (!found) return found.error();
    candidates = std::move(*found);
  }
  // The one that most other themes have too, so that what a pod serves can be given a name.
  std::optional<Asset> best;
  for (Asset& asset : candidates) {
    const auto apart = tellsApart(lists, volume, theme, asset);
    if (!apart) return apart.error();
    if (*apart && (!best || asset.elsewhere.size() > best->elsewhere.size()))
      best = std::move(asset);
  }
  return best;
}

Result<std::optional<std::string>> textOf(ContentDir& dir, const std::string& path,
                                          Deadline deadline) {
  auto text = dir.read(path, kTemplateBytes, deadline);
  if (text) return std::optional<std::string>(std::move(*text));
  if (text.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return text.error();
}

}  // namespace

std::string Asset::themesOf(std::uint64_t bytes) const {
  std::string themes;
  for (const auto& [theme, there] : elsewhere)
    if (there == bytes) themes += (themes.empty() ? "" : ", ") + theme;
  return themes;
}

Result<Volume> lookAt(ContentDir& dir, const std::string& theme, const std::optional<Asset>& known,
                      Deadline deadline) {
  if (!isName(theme))
    return Error{ErrorCode::kProtocol, "the database names no folder as active theme"};
  Lists lists(dir, deadline);
  const auto themes = lists.of("themes");
  if (!themes) return themes.error();
  if (!*themes)
    return Error{ErrorCode::kNotFound,
                 "the content folder has no folder \"themes\": is it Ghost's?"};
  Volume volume;
  for (const FolderEntry& entry : **themes)
    if (entry.kind == EntryKind::kFolder) volume.themes.push_back(entry.name);
  const std::string folder = "themes/" + theme;
  const FolderEntry* entry = find(**themes, theme);
  if (auto error = unknown(entry, folder)) return *error;
  volume.presence = presenceOf(entry);
  if (volume.presence != Presence::kThere) return volume;
  const auto files = lists.of(folder);
  if (!files) return files.error();
  for (const std::string_view name : kNeeded) {
    const FolderEntry* file = *files ? find(**files, name) : nullptr;
    if (auto error = unknown(file, folder + "/" + std::string(name))) return *error;
    if (!file || file->kind != EntryKind::kFile) volume.missing.emplace_back(name);
  }
  auto asset = chooseAsset(lists, volume, theme, known);
  if (!asset) return asset.error();
  volume.asset = std::move(*asset);
  if (!volume.asset) volume.unread = lists.unread();
  return volume;
}

Result<std::set<std::string>> certainTraits(ContentDir& dir, const std::string& theme,
                                            const PageTemplates& page, std::string_view root,
                                            Deadline deadline) {
  std::optional<Error> trouble;
  const std::string base = "themes/" + theme + "/";
  const auto load = [&](const std::string& path) -> std::optional<std::string> {
    auto text = textOf(dir, base + path, deadline);
    if (!text) trouble = text.error();
    return text ? *text : std::nullopt;
  };
  const Partials partials = [&](std::string_view name) {
    return load("partials/" + std::string(name) + ".hbs");
  };
  std::set<std::string> traits;
  const auto take = [&](const std::string& source, std::string_view subject) {
    const auto text = certainText(source, subject, partials);
    if (text) traits.merge(traitsOf(*text, root).all);
    return text.has_value();
  };
  for (const std::string& candidate : page.candidates) {
    const auto source = load(candidate);
    if (!source) continue;
    // Which layout it is put into, the page itself says; any other than the usual one is left out.
    const bool usual = source->find("{{!< default}}") != std::string::npos;
    const auto layout = usual ? load("default.hbs") : std::nullopt;
    if (!take(*source, page.subject) || (layout && !take(*layout, ""))) traits.clear();
    break;
  }
  if (trouble) return *trouble;
  return traits;
}

Result<bool> choosesTemplates(ContentDir& dir, Deadline deadline) {
  const auto text = dir.read("settings/routes.yaml", kRoutesBytes, deadline);
  if (!text && text.error().code == ErrorCode::kNotFound) return false;
  if (!text) return text.error();
  for (std::size_t at = text->find("template:"); at != std::string::npos;
       at = text->find("template:", at + 1)) {
    const std::size_t value = text->find_first_not_of(" \t", at + 9);
    const std::size_t end = std::min(text->find_first_of("\r\n", value), text->size());
    if (value == std::string::npos || text->substr(value, end - value) != "index") return true;
  }
  return text->find("data:") != std::string::npos;
}

}  // namespace rollcall::checks::theme
