// What the database says about the theme.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::theme {

struct CustomSetting {
  std::string type;   // select boolean color text image
  std::string value;  // empty = none
  bool operator==(const CustomSetting&) const = default;
};

struct ThemeState {
  std::string theme;            // the active theme's folder; empty when unknown
  std::string changed;          // when its row was written, as the database prints it
  std::optional<Duration> age;  // of that, by the database's clock
  std::optional<WallTime> changedAt;
  bool isPrivate = false;
  std::optional<std::map<std::string, CustomSetting>> custom;  // empty when it may not be read

  // Whether nothing was changed between two looks.
  bool same(const ThemeState& other) const {
    return theme == other.theme && changed == other.changed && custom == other.custom &&
           isPrivate == other.isPrivate;
  }
};

// Everything unknown when there is no database; an Error when it fails. Adds to `notes` what the
// account may not read.
Result<ThemeState> readState(const CheckContext& context, std::vector<std::string>& notes);

// The address of the public post that was changed longest ago, so that every pod knows it; nullopt
// when there is none or its address does not follow from the row.
Result<std::optional<std::string>> oldestPost(const CheckContext& context);

}  // namespace rollcall::checks::theme
