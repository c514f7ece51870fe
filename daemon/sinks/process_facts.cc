#include "daemon/sinks/process_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace rollcall {
namespace {

// Of the fields after the program's name, counted from 0; see proc(5).
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kResidentPages = 21;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> all;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return all;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    all.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// Unix time of the machine's boot.
std::optional<double> bootTime(std::string_view machine) {
  constexpr std::string_view kKey = "\nbtime ";
  const std::size_t at = machine.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  machine.remove_prefix(at + kKey.size());
  return number(machine.substr(0, machine.find('\n')));
}

std::string contentOf(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::optional<double> openFds() {
  std::error_code error;
  std::filesystem::directory_iterator each("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = 0;
  for (; each != std::filesystem::directory_iterator(); each.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count - 1;  // one is the look itself
}

std::optional<double> maxFds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

ProcessFacts parseProcess(std::string_view stat, std::string_view machine,
                          const KernelUnits& units) {
  ProcessFacts facts;
  // The name may hold spaces and parentheses.
  const std::size_t name = stat.rfind(')');
  if (name == std::string_view::npos) return facts;
  const std::vector<std::string_view> fields = words(stat.substr(name + 1));
  if (fields.size() <= kResidentPages) return facts;
  const std::optional<double> user = number(fields[kUserTicks]);
  const std::optional<double> system = number(fields[kSystemTicks]);
  if (user && system) facts.cpuSeconds = (*user + *system) / units.ticksPerSecond;
  if (const auto pages = number(fields[kResidentPages]))
    facts.residentBytes = *pages * units.pageBytes;
  const std::optional<double> boot = bootTime(machine);
  const std::optional<double> start = number(fields[kStartTicks]);
  if (boot && start) facts.startedSeconds = *boot + *start / units.ticksPerSecond;
  return facts;
}

ProcessFacts readProcess() {
  ProcessFacts facts = parseProcess(contentOf("/proc/self/stat"), contentOf("/proc/stat"),
                                    {.ticksPerSecond = static_cast<double>(sysconf(_SC_CLK_TCK)),
                                     .pageBytes = static_cast<double>(sysconf(_SC_PAGESIZE))});
  facts.openFds = openFds();
  facts.maxFds = maxFds();
  return facts;
}

}  // namespace rollcall
