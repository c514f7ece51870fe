#include "daemon/content/known_routes.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>
#include <vector>

#include "daemon/api/pod_api.h"
#include "daemon/content/content_dir.h"
#include "daemon/ghost/admin_token.h"
#include "daemon/net/pod_client.h"

namespace rollcall {
namespace {

constexpr std::size_t kMaxBytes = 256u << 10;
constexpr std::string_view kFolder = "settings";
constexpr std::string_view kPlace = "settings/routes.yaml";
constexpr std::string_view kDownload = "/ghost/api/admin/settings/routes/yaml/";

Result<std::string> readFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return invalidArgument(fmt::format("cannot read the routes file {}", path));
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// Any pod will do: they read the same file. Not always the same one's time is taken.
RoutesText askPods(const CheckContext& context, bool shared) {
  RoutesText routes;
  routes.place = "routes.yaml, as the Admin API hands it out";
  std::vector<const Pod*> pods;
  for (const Pod& pod : context.topology.pods)
    if (pod.mayBeBlamed()) pods.push_back(&pod);
  Error why{ErrorCode::kUnavailable, "there is no pod to ask"};
  const WallTime now = context.clock.wall();
  const auto turn = static_cast<std::size_t>(
      std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch()).count());
  for (std::size_t i = 0; i < pods.size() && !routes.text; ++i) {
    PodRequest request;
    request.path = kDownload;
    request.door = Door::kAdmin;
    request.reason = Reason::kView;
    request.maxBytes = kMaxBytes;
    request.authorization = ghost::adminAuthorization(context.adminKey, now, std::nullopt);
    request.shared = shared;
    const auto batch = context.pods.batch(context.budget);
    batch->get(*pods[(turn + i) % pods.size()], std::move(request),
               [&](Result<HttpResponse> answer) {
                 if (auto trouble = api::troubleOf(answer))
                   why = std::move(*trouble);
                 else
                   routes.text = std::move(answer->body);
               });
    batch->drive(context.deadline, context.stop);
  }
  if (routes.text)
    routes.trust = Trust::kKnown;
  else
    routes.gap = Gap{"", routes.place, why};
  return routes;
}

RoutesText readFolder(const CheckContext& context) {
  RoutesText routes;
  routes.place = fmt::format("{} in the content folder", kPlace);
  auto file = context.dir->file(kPlace, kMaxBytes, context.deadline);
  if (file) {
    routes.text = std::move(file->text);
    routes.changed = file->changed;
    routes.trust = Trust::kKnown;
    return routes;
  }
  std::optional<Error> why = file.error();
  if (why->code == ErrorCode::kNotFound)
    why = doubtOf(*why, kFolder, *context.dir, context.deadline);
  if (why)
    routes.gap = Gap{"", routes.place, *why};
  else
    routes.trust = Trust::kKnown;
  return routes;
}

}  // namespace

Result<RoutesText> readRoutesText(const CheckContext& context, bool shared) {
  if (!context.routesFile.empty()) {
    auto text = readFile(std::string(context.routesFile));
    if (!text) return text.error();
    return RoutesText{std::move(*text), Trust::kKnown,
                      fmt::format("the routes file {}", context.routesFile)};
  }
  if (context.dir) return readFolder(context);
  if (!context.adminKey.empty()) return askPods(context, shared);
  return RoutesText{};
}

Result<KnownRoutes> readKnownRoutes(const CheckContext& context) {
  auto read = readRoutesText(context, true);
  if (!read) return read.error();
  KnownRoutes known{ghost::defaultRoutes(), read->trust, std::move(read->gap)};
  if (!read->text) return known;
  auto routes = ghost::parseRoutes(*read->text);
  if (!routes) return routes.error();
  known.routes = std::move(*routes);
  return known;
}

}  // namespace rollcall
