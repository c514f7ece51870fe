// The settings whose value in the table `settings` decides what a pod shows.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rollcall::checks::settings {

enum class Kind {
  kText,
  kShortText,     // harmless: old and new value are told
  kFlag,          // true or false
  kUrl,           // of the site's own files: "__GHOST_URL__/..." in the table
  kList,          // JSON
  kLabs,          // JSON: flags, of which Ghost and its configuration set some by themselves
  kAnnouncement,  // only in /members/api/announcement/, together with its visibility
};

struct Key {
  std::string_view name;  // the same in the table and in Ghost's API
  Kind kind = Kind::kText;
};

std::span<const Key> keys();

// Reads key, value, updated_at and the database's clock of all of them and of what decides whether
// the announcement is shown.
std::string selectSql();

}  // namespace rollcall::checks::settings
