#include "checks/volume/settings.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::volume {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostFolders = 32;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

bool isPart(std::string_view part) {
  return !part.empty() && part != "." && part != "..";
}

// Below the content folder, whatever it is.
bool isFolder(std::string_view folder) {
  while (true) {
    const std::size_t slash = folder.find('/');
    if (!isPart(folder.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    folder.remove_prefix(slash + 1);
  }
}

std::optional<std::string> problemOf(const std::string& list) {
  const std::vector<std::string> folders = foldersIn(list);
  if (folders.empty() || folders.size() > kMostFolders)
    return fmt::format("must name 1 to {} folders, separated by commas", kMostFolders);
  for (const std::string& folder : folders)
    if (!isFolder(folder))
      return fmt::format("\"{}\" is no folder below the content folder", folder.substr(0, 40));
  return std::nullopt;
}

}  // namespace

const std::vector<ParamDef>& params() {
  static const std::vector<ParamDef> table = {
      {.name = "folders",
       .fallback = std::string("images, media, files, themes, settings, data"),
       .help = "the folders of the content folder that Ghost writes to",
       .problem = problemOf},
      {"write", true, "write to them; without, only space, owner and mount options are looked at"},
      {"ghost_uid", std::int64_t{1000}, "the user id Ghost runs as", std::int64_t{0},
       std::int64_t{4'294'967'294}},
      {"slow", Duration(2s), "writing and syncing a block may take this long", Duration(10ms)},
      {"free_percent", std::int64_t{10}, "so much of space and inodes should be free; 0 = any",
       std::int64_t{0}, std::int64_t{100}},
      {"enough_free_mib", std::int64_t{10'240}, "so much free space is enough, whatever its share",
       std::int64_t{0}, std::int64_t{1} << 40},
      {"full_within", Duration(24h), "at its pace it should not be full this soon; 0s = any"},
      {"max_skew", Duration(5s), "the file server's clock may be off by this", Duration(1s)},
  };
  return table;
}

Limits limitsOf(const Params& params) {
  return {.ghostUser = static_cast<uid_t>(params.count("ghost_uid")),
          .slow = params.duration("slow"),
          .freePercent = params.count("free_percent"),
          .enoughFree = params.count("enough_free_mib") << 20,
          .fullWithin = params.duration("full_within"),
          .maxSkew = params.duration("max_skew")};
}

std::vector<std::string> foldersIn(std::string_view list) {
  std::vector<std::string> folders;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view one = trimmed(list.substr(0, comma));
    if (!one.empty() && std::ranges::find(folders, one) == folders.end()) folders.emplace_back(one);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return folders;
}

}  // namespace rollcall::checks::volume
