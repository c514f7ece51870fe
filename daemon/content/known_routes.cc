#include "daemon/content/known_routes.h"

#include <fmt/format.h>

#include <fstream>

#include "daemon/content/content_dir.h"

namespace rollcall {
namespace {

constexpr std::size_t kMaxBytes = 256u << 10;
constexpr std::string_view kPlace = "settings/routes.yaml";

Result<std::string> readFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return invalidArgument(fmt::format("cannot read the routes file {}", path));
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<KnownRoutes> parsed(const std::string& text) {
  auto routes = ghost::parseRoutes(text);
  if (!routes) return routes.error();
  return KnownRoutes{std::move(*routes), Trust::kKnown, {}};
}

}  // namespace

Result<KnownRoutes> readKnownRoutes(const CheckContext& context) {
  if (!context.routesFile.empty()) {
    const auto text = readFile(std::string(context.routesFile));
    if (!text) return text.error();
    return parsed(*text);
  }
  if (!context.dir) return KnownRoutes{ghost::defaultRoutes(), Trust::kAssumed, {}};
  const auto text = context.dir->read(kPlace, kMaxBytes, context.deadline);
  if (text) return parsed(*text);
  if (text.error().code == ErrorCode::kNotFound)
    return KnownRoutes{ghost::defaultRoutes(), Trust::kKnown, {}};
  return KnownRoutes{ghost::defaultRoutes(), Trust::kAssumed,
                     Gap{"", std::string(kPlace) + " in the content folder", text.error()}};
}

}  // namespace rollcall
