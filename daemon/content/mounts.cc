#include "daemon/content/mounts.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace rollcall {
namespace {

std::string_view takeWord(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// The kernel writes blanks and backslashes as three octal digits.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const char* digits = text.data() + at + 1;
    if (text[at] == '\\' && at + 3 < text.size() &&
        std::from_chars(digits, digits + 3, value, 8).ptr == digits + 3 && value < 256) {
      plain += static_cast<char>(value);
      at += 3;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE SUPEROPTIONS
bool parseLine(std::string_view line, Mount& mount) {
  const std::string_view id = takeWord(line);
  if (std::from_chars(id.data(), id.data() + id.size(), mount.id).ec != std::errc{}) return false;
  for (int skipped = 0; skipped < 3; ++skipped) takeWord(line);
  mount.point = unescaped(takeWord(line));
  mount.options = takeWord(line);
  while (!line.empty())
    if (takeWord(line) == "-") break;
  mount.type = takeWord(line);
  mount.source = unescaped(takeWord(line));
  mount.superOptions = takeWord(line);
  return !mount.point.empty() && !mount.type.empty();
}

bool isBelow(std::string_view path, std::string_view point) {
  if (point == "/") return true;
  return path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
}

}  // namespace

bool hasOption(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    const std::string_view one = options.substr(0, options.find(','));
    if (one.substr(0, one.find('=')) == option) return true;
    options.remove_prefix(std::min(options.size(), one.size() + 1));
  }
  return false;
}

std::vector<Mount> parseMounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  while (!mountinfo.empty()) {
    const std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(mountinfo.size(), line.size() + 1));
    Mount mount;
    if (parseLine(line, mount)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

const Mount* mountOf(std::string_view path, const std::vector<Mount>& mounts) {
  const Mount* found = nullptr;
  // Of several on the same point the last one is on top.
  for (const Mount& mount : mounts)
    if (isBelow(path, mount.point) && (!found || mount.point.size() >= found->point.size()))
      found = &mount;
  return found;
}

std::vector<Mount> readMounts() {
  std::ifstream file("/proc/self/mountinfo", std::ios::binary);
  return parseMounts(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace rollcall
