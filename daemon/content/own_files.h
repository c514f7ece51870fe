// The files Rollcall itself puts on the content volume, and which of them somebody left there.
// Their names tell who made them:
//   .rollcall-probe-<place>-<process>-<serial>        for the length of one look
//   rollcall-canary-<place>-<process>-<serial>.txt    for as long as it is asked for through pods
//   rollcall-write-through-<place>-<process>-<serial>.ico    uploaded through a pod, likewise
// <place> stands for the machine and its PID namespace: only there the process can be looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"

namespace rollcall {

enum class OwnKind { kProbe, kCanary, kUpload };

struct OwnFile {
  OwnKind kind = OwnKind::kProbe;
  std::uint64_t place = 0;
  std::uint32_t process = 0;
  std::uint64_t serial = 0;  // no two files of one process have the same

  bool operator==(const OwnFile&) const = default;
};

// Of an uploaded file; Ghost stores it as it is, below images/<year>/<month>.
inline constexpr std::uint64_t kUploadBytes = 70;

// Longest name of an own file, with the zero at its end.
inline constexpr std::size_t kOwnNameBytes = 96;
// Into `buffer` of kOwnNameBytes, zero-terminated. Async-signal-safe, as is parseOwnFile.
void printOwnFile(const OwnFile& file, char* buffer);
std::string nameOf(const OwnFile& file);
// Nothing for names that are not exactly as nameOf() prints them.
std::optional<OwnFile> parseOwnFile(std::string_view name);

// Where this process runs.
std::uint64_t readPlace();

// Older than this a file was left behind, wherever it came from.
inline constexpr Duration kLongestOwnLife = std::chrono::minutes(15);
// Whether nobody needs the file any more. `age` by the volume's clock. `alive` says whether its
// process lives; it is asked for files of this place only.
bool isLeftOver(const OwnFile& file, std::uint64_t here, Duration age,
                bool (*alive)(std::uint32_t));

}  // namespace rollcall
