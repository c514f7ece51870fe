// What the sentences of several findings have in common. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/volume/rules.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::volume {

// A folder a finding speaks of.
struct Case {
  const MountLook* mount;
  const FolderLook* look;
};

// With the code, the folders, their mounts and their errors in the evidence.
Finding startFinding(Code code, const Place& place, const std::vector<Case>& cases);

std::string listed(const std::vector<std::string>& names);  // "images, media and themes"
std::string bytesText(std::uint64_t bytes);                 // "1.5 GiB"
std::string spaceText(const VolumeSpace& space);            // "1.5 GiB of 20.0 GiB free"
std::string inodesText(const VolumeSpace& space);
std::string mountText(const Mount& mount);  // "nfs4 server:/export on /content"
// Seconds for machines: "0.003".
std::string secondsText(Duration time);
// A path as a shell takes it.
std::string quoted(const std::string& path);

std::string who(const Place& place);      // "Rollcall", "the agent of pod-1"
std::string content(const Place& place);  // the content folder, and whose
std::string where(const Place& place, const std::vector<Case>& cases);
std::string foldersOf(const std::vector<Case>& cases);
// Their paths as arguments of a command.
std::string pathsOf(const Place& place, const std::vector<Case>& cases);

// What `text` says of each, every text once.
std::string ofAll(const std::vector<Case>& cases, std::string (*text)(const Case&),
                  std::string_view between = "; ");
std::string ownersOf(const std::vector<Case>& cases);  // "0:0, mode 0755"
std::string errorsOf(const std::vector<Case>& cases);  // "read-only file system (EROFS)"
std::string stepsOf(const std::vector<Case>& cases);
std::string mountsOf(const std::vector<Case>& cases);
std::string spacesOf(const std::vector<Case>& cases);

inline constexpr std::string_view kLookAtNode =
    "look for the error on the node: sudo dmesg -T | tail -n 50";

// What to type to see what takes the space, or the inodes.
std::string findSpace(const Place& place);
std::string findInodes(const Place& place);

}  // namespace rollcall::checks::volume
