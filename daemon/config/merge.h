// The layers as one, each setting with the name under which the person gave it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/config/config.h"

namespace rollcall {

struct Setting {
  std::string text;
  std::string origin;  // "--db", "rollcall.yaml:3: database.url"
};

struct MergedConfig {
  std::map<std::string, Setting> values;
  std::vector<Setting> pods;                          // "name=url"
  std::vector<Setting> commands;                      // where each begins: "commands[0]"
  std::map<std::string, std::vector<Setting>> lists;  // of the commands: "commands[0].argv"
  std::vector<std::string> problems;                  // of all layers

  const Setting* find(const std::string& path) const;
};

// The later layer wins, setting by setting, with these exceptions: a database URL replaces the
// account and address of weaker layers altogether; a host replaces a weaker host's port and socket;
// a user replaces a weaker user's password, save that of ROLLCALL_DB_PASSWORD; pods replace weaker
// pods however they were named.
MergedConfig mergeLayers(const std::vector<ConfigLayer>& layers);

// "mysql://user@host:port/name" as database.host, .port, .user and .name. The Error never repeats
// a password.
Result<std::map<std::string, std::string>> splitDatabaseUrl(std::string_view text);

}  // namespace rollcall
