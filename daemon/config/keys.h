// The keys a configuration file may have.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

struct ConfigKey {
  std::string_view path;  // "database.tls.ca"
  bool isPath = false;    // a file or folder; a relative one is relative to the file that names it
};

// Single values. Besides these there are "pods" and "commands" (lists) and "checks" (a group per
// check).
std::span<const ConfigKey> configKeys();
const ConfigKey* findConfigKey(std::string_view path);
// True for "database", "database.tls": something that holds further keys.
bool isConfigSection(std::string_view path);
// The names directly below `section` ("" = the top), "pods", "commands" and "checks" included.
std::vector<std::string_view> configNamesBelow(std::string_view section);

}  // namespace rollcall
