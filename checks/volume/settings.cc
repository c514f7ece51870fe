#include "checks/volume/settings.h"

#include "daemon/content/volume_folders.h"

namespace rollcall::checks::volume {
namespace {

using namespace std::chrono_literals;

std::optional<std::string> problemOf(const std::string& list) {
  const auto folders = parseFolders(list);
  return folders ? std::nullopt : std::optional(folders.error().message);
}

}  // namespace

const std::vector<ParamDef>& params() {
  static const std::vector<ParamDef> table = {
      {.name = "folders",
       .fallback = std::string(kGhostFolders),
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
      {"agent_port", std::int64_t{0},
       "where \"rollcall volume-agent\" listens beside each pod; 0 = none", std::int64_t{0},
       std::int64_t{65'535}},
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

}  // namespace rollcall::checks::volume
