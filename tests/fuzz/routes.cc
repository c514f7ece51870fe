// routes.yaml, the permalinks in it, and paths.
#include "daemon/ghost/routes.h"

#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

using fuzz::quotedJson;

void checkPath(std::string_view path) {
  const std::string encoded = ghost::encodePath(path);
  FUZZ_HOLDS(encoded.size() <= 3 * path.size());
  FUZZ_HOLDS(ghost::encodePath(encoded) == encoded);
  FUZZ_HOLDS(ghost::decodePath(encoded) == ghost::decodePath(path));
  for (const char c : encoded) FUZZ_HOLDS(c > 0x20 && c < 0x7f);
}

void checkPermalink(const std::string& permalink) {
  FUZZ_HOLDS(permalink.starts_with('/') && permalink.ends_with('/'));
  const WallTime at{std::chrono::hours(24 * 365 * 50)};
  const auto path = ghost::expandPermalink(permalink, {"65f1", "a-post", "news", "ann", at});
  if (path) FUZZ_HOLDS(path->size() < permalink.size() + 10 + permalink.size() * 2);
  if (path) checkPath(*path);
}

// However long: "? key" where YAML bounds what may stand before a colon.
std::string key(const std::string& path) {
  return "  ? " + quotedJson(path) + "\n  :";
}

// The routes as a file again: only what locations follow from.
std::string written(const Routes& routes) {
  std::string yaml = "routes:\n";
  for (const std::string& path : routes.staticPaths) yaml += key(path) + " x\n";
  if (routes.staticPaths.empty()) yaml = "";
  if (!routes.collections.empty()) yaml += "collections:\n";
  for (const Collection& one : routes.collections)
    yaml += key(one.path) + "\n    permalink: " + quotedJson(one.permalink) +
            "\n    filter: " + quotedJson(one.filter) + "\n";
  if (!routes.tagPermalink.empty() || !routes.authorPermalink.empty()) yaml += "taxonomies:\n";
  if (!routes.tagPermalink.empty()) yaml += "  tag: " + quotedJson(routes.tagPermalink) + "\n";
  if (!routes.authorPermalink.empty())
    yaml += "  author: " + quotedJson(routes.authorPermalink) + "\n";
  return yaml;
}

void checkSame(const Routes& first, const Routes& second) {
  FUZZ_HOLDS(first.collections.size() == second.collections.size());
  for (std::size_t i = 0; i < first.collections.size(); ++i) {
    FUZZ_HOLDS(first.collections[i].path == second.collections[i].path);
    FUZZ_HOLDS(first.collections[i].permalink == second.collections[i].permalink);
    FUZZ_HOLDS(first.collections[i].filter == second.collections[i].filter);
  }
  FUZZ_HOLDS(first.tagPermalink == second.tagPermalink);
  FUZZ_HOLDS(first.authorPermalink == second.authorPermalink);
  FUZZ_HOLDS(first.staticPaths == second.staticPaths);
}

void check(std::string_view text) {
  const Result<Routes> routes = ghost::parseRoutes(text);
  if (!routes) {
    FUZZ_HOLDS(routes.error().code == ErrorCode::kInvalidArgument);
    FUZZ_HOLDS(fuzz::isFit(routes.error()));
    return;
  }
  for (const Collection& one : routes->collections) {
    FUZZ_HOLDS(one.path.starts_with('/'));
    checkPermalink(one.permalink);
  }
  for (const std::string& path : routes->staticPaths) checkPath(path);
  const Result<Routes> again = ghost::parseRoutes(written(*routes));
  FUZZ_HOLDS(again.has_value());
  checkSame(*routes, *again);
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rollcall::fuzz::Input input(data, size);
  rollcall::check(input.rest());
  rollcall::checkPath(input.rest());
  return 0;
}
