#include "checks/images/reference.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "daemon/core/letter_case.h"
#include "daemon/core/percent.h"

namespace rollcall::checks::images {
namespace {

constexpr std::string_view kGhostUrl = "__GHOST_URL__";
constexpr std::string_view kContent = "/content/";
constexpr std::string_view kFolders[] = {"images/", "media/", "files/"};
constexpr std::size_t kMaxPath = 512;
constexpr std::size_t kMaxName = 255;  // what file systems allow

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The path of an address of this site, as a pod is asked for it below the site's sub-directory;
// nothing where it is an address of another.
std::optional<std::string_view> pathOnSite(std::string_view address, const Site& site) {
  if (address.starts_with(kGhostUrl)) return address.substr(kGhostUrl.size());
  std::string_view path = address;
  const std::size_t colon = address.find("://");
  const bool absolute = colon != std::string_view::npos && colon < address.find('/');
  if (absolute || address.starts_with("//")) {
    const std::string scheme = absolute ? lowerCase(address.substr(0, colon)) : site.url.scheme;
    if (scheme != "http" && scheme != "https") return std::nullopt;
    const std::string_view rest = address.substr(absolute ? colon + 3 : 2);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    if (lowerCase(rest.substr(0, slash)) != lowerCase(site.url.authority())) return std::nullopt;
    path = rest.substr(slash);
  }
  if (site.url.path == "/") return path;
  if (!path.starts_with(site.url.path + "/")) return std::nullopt;
  return path.substr(site.url.path.size());
}

bool isElsewhere(std::string_view address) {
  const std::string head = lowerCase(address.substr(0, 8));
  return head.starts_with("http://") || head.starts_with("https://") || head.starts_with("//");
}

// "images/size/w600/format/webp/2026/a.png" -> "images/2026/a.png"
std::string original(std::string_view path) {
  constexpr std::string_view kSize = "images/size/", kFormat = "format/", kImages = "images/";
  if (!path.starts_with(kSize)) return std::string(path);
  const auto behindName = [](std::string_view rest) {
    const std::size_t slash = rest.find('/');
    return slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  };
  std::string_view rest = behindName(path.substr(kSize.size()));
  if (rest.starts_with(kFormat)) rest = behindName(rest.substr(kFormat.size()));
  return std::string(kImages) + std::string(rest);
}

// Ghost serves no dot files; doubled slashes count as one.
std::optional<std::string> filePath(std::string_view path) {
  std::string clean;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    const bool last = slash == std::string_view::npos;
    if (name.empty()) continue;
    if (name.starts_with('.') || name.size() > kMaxName) return std::nullopt;
    if (name.find('\\') != std::string_view::npos ||
        std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      return std::nullopt;
    if (last) return clean + std::string(name);
    clean += std::string(name) + "/";
  }
  return std::nullopt;  // a folder
}

bool isPlain(unsigned char c) {
  return c < 0x80 && (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/');
}

}  // namespace

Located locate(std::string_view address, const Site& site) {
  address = trimmed(address);
  const auto onSite = pathOnSite(address.substr(0, address.find_first_of("?#")), site);
  if (!onSite || !onSite->starts_with(kContent))
    return {!onSite && isElsewhere(address) ? Place::kElsewhere : Place::kNone, ""};
  const std::string_view below = onSite->substr(kContent.size());
  const auto inFolder = [&](std::string_view folder) { return below.starts_with(folder); };
  if (std::ranges::none_of(kFolders, inFolder)) return {};
  // Ghost answers 400 to a malformed escape.
  const auto path = percentDecoded(below);
  if (!path) return {Place::kUnusable, ""};
  const auto file = filePath(original(*path));
  const bool usable = file && file->size() <= kMaxPath && file->find('/') != std::string::npos;
  if (!usable) return {Place::kUnusable, ""};
  return {Place::kVolume, *file};
}

std::string requestPath(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded(kContent);
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (isPlain(byte)) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

}  // namespace rollcall::checks::images
