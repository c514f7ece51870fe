// What the kernel counts of this very process.
#pragma once

#include <optional>
#include <string_view>

namespace rollcall {

// Empty where it cannot be read.
struct ProcessFacts {
  std::optional<double> cpuSeconds;  // user and system
  std::optional<double> residentBytes;
  std::optional<double> startedSeconds;  // Unix time
  std::optional<double> openFds;
  std::optional<double> maxFds;
};

// The units of /proc/PID/stat.
struct KernelUnits {
  double ticksPerSecond = 100;
  double pageBytes = 4096;
};

// Pure: of the texts of /proc/PID/stat and /proc/stat, which tells when the machine booted.
ProcessFacts parseProcess(std::string_view stat, std::string_view machine,
                          const KernelUnits& units);

ProcessFacts readProcess();

}  // namespace rollcall
