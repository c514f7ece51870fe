#include "daemon/content/own_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

namespace rollcall {
namespace {

constexpr std::string_view kProbePrefix = ".rollcall-probe-";
constexpr std::string_view kCanaryPrefix = "rollcall-canary-";
constexpr std::string_view kCanarySuffix = ".txt";

void put(char*& at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  at += text.size();
}
void put(char*& at, std::uint64_t number, int base) {
  at = std::to_chars(at, at + 20, number, base).ptr;
}

// A number up to `end` or to the end of the text, which it takes away with what ended it.
template <class Number>
bool take(std::string_view& text, int base, char end, Number& number) {
  const std::string_view digits = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), digits.size() + 1));
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return !digits.empty() && read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
}

// FNV-1a
std::uint64_t hashOf(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

void printOwnFile(const OwnFile& file, char* buffer) {
  put(buffer, file.kind == OwnKind::kProbe ? kProbePrefix : kCanaryPrefix);
  put(buffer, file.place, 16);
  put(buffer, "-");
  put(buffer, file.process, 10);
  put(buffer, "-");
  put(buffer, file.serial, 16);
  if (file.kind == OwnKind::kCanary) put(buffer, kCanarySuffix);
  *buffer = '\0';
}

std::string nameOf(const OwnFile& file) {
  char buffer[kOwnNameBytes];
  printOwnFile(file, buffer);
  return buffer;
}

std::optional<OwnFile> parseOwnFile(std::string_view name) {
  const std::string_view whole = name;
  OwnFile file;
  if (name.starts_with(kProbePrefix)) {
    name.remove_prefix(kProbePrefix.size());
  } else if (name.starts_with(kCanaryPrefix) && name.ends_with(kCanarySuffix)) {
    file.kind = OwnKind::kCanary;
    name.remove_prefix(kCanaryPrefix.size());
    name.remove_suffix(kCanarySuffix.size());
  } else {
    return std::nullopt;
  }
  if (!take(name, 16, '-', file.place) || !take(name, 10, '-', file.process) ||
      !take(name, 16, '\0', file.serial))
    return std::nullopt;
  char printed[kOwnNameBytes];
  printOwnFile(file, printed);
  if (whole != printed) return std::nullopt;
  return file;
}

std::uint64_t readPlace() {
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::string text(std::istreambuf_iterator<char>(boot), {});
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  struct stat space {};
  if (::stat("/proc/self/ns/pid", &space) == 0) text += std::to_string(space.st_ino);
  return hashOf(text + host);
}

bool isLeftOver(const OwnFile& file, std::uint64_t here, Duration age,
                bool (*alive)(std::uint32_t)) {
  if (age > kLongestOwnLife) return true;
  return file.place == here && !alive(file.process);
}

}  // namespace rollcall
