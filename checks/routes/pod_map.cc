#include "checks/routes/pod_map.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <utility>

#include "daemon/api/pod_api.h"
#include "daemon/ghost/routes.h"
#include "daemon/ghost/sitemap.h"
#include "daemon/roll/views.h"

namespace rollcall::checks::routes {
namespace {

constexpr std::size_t kExamples = 20;
constexpr std::size_t kMaxBytes = 32u << 20;
constexpr std::size_t kMaxRoutes = 50'000;

using Take = std::function<bool(std::string path)>;  // false: enough

// One sitemap, until `take` has enough. `done` is told whether it was read to its end.
void readSitemap(PodBatch& batch, const Site& site, PodMap& map, std::string_view type, Take take,
                 std::function<void(bool whole)> done) {
  struct State {
    bool enough = false;
    std::string beginning;  // of an answer that is no sitemap
  };
  const auto state = std::make_shared<State>();
  const auto reader = std::make_shared<ghost::SitemapReader>(
      ghost::SitemapReader::Limits{}, [&site, state, take](const ghost::SitemapEntry& entry) {
        if (!state->enough)
          state->enough = !take(ghost::decodePath(roll::pathBelow(site, entry.loc)));
      });
  PodRequest request;
  request.path = fmt::format("/sitemap-{}.xml", type);
  request.reason = Reason::kView;
  request.maxBytes = kMaxBytes;
  request.onBody = [reader, state](std::string_view piece) {
    reader->feed(piece);
    return !state->enough;
  };
  batch.get(*map.pod, std::move(request),
            [&map, reader, state, done](const Result<HttpResponse>& answer) {
              if (state->enough) return done(false);
              // A type without entries has no sitemap.
              if (answer && answer->status == 404) return done(true);
              if (answer && answer->status >= 300 && answer->status < 400) {
                map.gap = Error{ErrorCode::kUnavailable, "it redirects its sitemaps"};
                return done(false);
              }
              if (auto trouble = api::troubleOf(answer)) {
                map.gap = std::move(trouble);
                return done(false);
              }
              const auto read = reader->finish();
              if (!read) map.gap = read.error();
              done(bool(read));
            });
}

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::kPost:
      return "post";
    case Kind::kTag:
      return "tag";
    case Kind::kAuthor:
      return "author";
  }
  return "";
}

void readMap(PodBatch& batch, const Site& site, const MapWish& wish, PodMap& map) {
  readSitemap(
      batch, site, map, "pages",
      [&map](std::string path) {
        map.routes.insert(std::move(path));
        return map.routes.size() < kMaxRoutes;
      },
      [&map](bool whole) { map.pages = whole; });
  for (const Kind kind : kKinds) {
    if ((kind == Kind::kTag && !wish.tags) || (kind == Kind::kAuthor && !wish.authors)) continue;
    auto& examples = map.examples[static_cast<std::size_t>(kind)];
    readSitemap(
        batch, site, map, fmt::format("{}s", name(kind)),
        [&examples](std::string path) {
          examples.push_back(std::move(path));
          return examples.size() < kExamples;
        },
        [](bool) {});
  }
}

}  // namespace rollcall::checks::routes
