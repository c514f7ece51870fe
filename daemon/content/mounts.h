// The mounted file systems as the kernel lists them in /proc/self/mountinfo, see proc(5). Reading
// that list touches no volume.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

struct Mount {
  std::uint64_t id = 0;      // as statx() tells it
  std::string point;         // where it is mounted
  std::string type;          // "ext4", "nfs4", "fuse.sshfs"
  std::string source;        // "server:/export"
  std::string options;       // of this mount: "rw,noatime"; a bind mount has its own
  std::string superOptions;  // of the file system: "rw,vers=4.2,hard,acregmin=3"

  bool operator==(const Mount&) const = default;
};

// Whether the comma-separated `options` have this one ("ro"); of NAME=VALUE the name counts.
bool hasOption(std::string_view options, std::string_view option);

// Lines that cannot be understood are left out.
std::vector<Mount> parseMounts(std::string_view mountinfo);
// Where an absolute path is by its text alone; symbolic links are not followed. Null when `mounts`
// is empty.
const Mount* mountOf(std::string_view path, const std::vector<Mount>& mounts);

// Of this process; empty when it cannot be read.
std::vector<Mount> readMounts();

}  // namespace rollcall
