// The whole view: what one pod says about all its resources, for one or a few cheap requests
// (a sitemap costs a pod 0.6 ms, a rendered page 15-25 ms).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/db/id_index.h"
#include "daemon/ghost/version.h"
#include "daemon/net/pod_client.h"
#include "daemon/roll/locate.h"

namespace rollcall::roll {

struct View {
  std::optional<ghost::Version> version;
  std::optional<Error> unreachable;  // /ghost/api/admin/site/ did not answer
  bool sitemaps = false;             // all of them were read to the end
  bool api = false;                  // likewise the Content API's lists
  std::optional<Error> apiFault;     // why they were not
  Declarations declared;
  std::size_t bytes = 0;  // of what it declared

  // The view tells for every resource whether the pod routes it.
  bool whole() const { return api || (sitemaps && version && routesFromMemory(*version)); }
};

struct ViewWish {
  // A pod that routes from memory, or does not say its version, is always asked for its sitemaps.
  // Those of another prove nothing, but hint at what its lists tell: where this is set, and its
  // lists are not read or cannot be.
  bool hints = true;
  std::string contentKey;  // empty = do not ask the Content API
  std::size_t maxBytes =
      64u << 20;  // of addresses taken of one pod; beyond it the view is given up
};

// What the views of all pods are read into and by. Borrows all.
struct ViewBooks {
  PathTable& paths;
  FirstTold& told;
  const IdIndex& ids;  // of Content::entries: what the Content API tells of others is dropped
};

// Queues the requests for one pod; `view` is complete when the batch has been driven and must
// outlive it. Only posts and pages.
void readView(PodBatch& batch, const Pod& pod, const Site& site, const ViewWish& wish,
              ViewBooks books, View& view);

// The path of an absolute URL below the site's sub-directory; hosts are not compared.
std::string_view pathBelow(const Site& site, std::string_view url);

}  // namespace rollcall::roll
