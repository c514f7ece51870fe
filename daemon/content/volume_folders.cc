#include "daemon/content/volume_folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace rollcall {
namespace {

constexpr std::size_t kMostFolders = 32;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// Below the content folder wherever that is, and written in one way only.
bool isFolderName(std::string_view text) {
  const std::filesystem::path path(text);
  return path.is_relative() && !text.ends_with('/') && text.find('\0') == std::string_view::npos &&
         path.lexically_normal().native() == text && *path.begin() != "." && *path.begin() != "..";
}

}  // namespace

Result<std::vector<std::string>> parseFolders(std::string_view list) {
  std::vector<std::string> folders;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view one = trimmed(list.substr(0, comma));
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
    if (one.empty()) continue;
    if (!isFolderName(one))
      return invalidArgument(
          fmt::format("\"{}\" is no folder below the content folder", one.substr(0, 80)));
    if (std::ranges::find(folders, one) == folders.end()) folders.emplace_back(one);
  }
  if (folders.empty() || folders.size() > kMostFolders)
    return invalidArgument(
        fmt::format("must name 1 to {} folders, separated by commas", kMostFolders));
  return folders;
}

}  // namespace rollcall
