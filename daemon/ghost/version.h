// Which Ghost is this, and what follows from it.
// Source: measured on 5.130.6, 6.56.0, 6.65.0; the boundary by reading the 6.52 - 6.57 packages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall::ghost {

// "5.130", "6.65.0", "v6.65": major and minor; the patch level is not shown by a pod.
struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
  std::string text() const;
};

std::optional<Version> parseVersion(std::string_view text);

// Up to 6.56 a pod routes from a map in its memory; from 6.57 on it asks the database.
bool routesFromMemory(Version version);
// "/ghost/api/content/" from 5.0 on, "/ghost/api/v4/content/" before.
std::string contentApiPath(std::optional<Version> version);
std::string adminApiPath(std::optional<Version> version);

}  // namespace rollcall::ghost
