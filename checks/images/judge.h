// What is wrong with a file, by what the pods and the content folder say of it. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/images/sight.h"

namespace rollcall::checks::images {

// As the table of findings has them.
enum class Code : std::size_t {
  kNotServed,     // by a pod, and others serve it
  kMissing,       // everywhere
  kOtherVersion,  // on a pod
  kFailing,       // a pod, when it is asked for it
  kOtherFolder,   // what the pods serve is not what is in the content folder
  kEmpty,         // everywhere
};

enum class There { kNotAsked, kYes, kNo, kUnknown };

// The file in the content folder.
struct OnVolume {
  There there = There::kNotAsked;
  std::uint64_t size = 0;
  WallTime changed{};
};

struct FileLook {
  std::string path;
  std::vector<Sight> pods;  // by the pods' numbers
  OnVolume volume;

  std::size_t count(Got got) const;
  std::vector<std::size_t> those(Got got) const;
};

// `pod` is empty for what no single pod is to blame for.
struct Claim {
  Code code = Code::kMissing;
  std::optional<std::size_t> pod;
  std::string path;

  auto operator<=>(const Claim&) const = default;
};

// Nodes may see a file's former size and date for a minute (the attribute caches of NFS and its
// like). What was changed later than this is not compared.
inline constexpr Duration kCaches = std::chrono::minutes(2);

// `known`: the file was found missing everywhere before. It stays so while no pod serves it, also
// where one of them cannot be asked.
std::vector<Claim> judge(const FileLook& look, bool known, WallTime now);

// Not one of so many files was found anywhere: that is no fault of single files.
bool nothingIsThere(const std::vector<FileLook>& looks);

}  // namespace rollcall::checks::images
