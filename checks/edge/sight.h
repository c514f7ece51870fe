// One answer of a pod or of the edge to one question, as far as the rules need it. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/edge/cdn.h"
#include "daemon/core/finding.h"
#include "daemon/ghost/sitemap.h"
#include "daemon/roll/answer.h"

namespace rollcall::checks::edge {

enum class Kind { kPost, kFront, kFeed, kSitemap };

// What is asked for.
struct Page {
  Kind kind = Kind::kPost;
  std::string path;  // below the site's sub-directory
  bool isPublic = true;
  ResourceRef resource = {};             // of kPost
  std::string status = {};               // of kPost: as the database has it, or "deleted"
  std::optional<WallTime> changed = {};  // of kPost, by the database's clock
};

enum class Shown {
  kServed,  // 2xx; of what is not public: and it says to be that page
  kAbsent,  // 404, 410, a redirect to another address, an error
  kUnseen,  // no answer, or one that is not about the page
};

struct Sight {
  Shown shown = Shown::kUnseen;
  int status = 0;  // 0 = no answer
  std::string location = {};
  std::string why = {};                  // of kUnseen
  bool kept = false;                     // a cache may keep this answer
  std::optional<WallTime> stamp = {};    // the newest change the content tells of
  std::vector<std::string> listed = {};  // of kFront and kFeed: those of the paths sought, in order
  std::map<std::string, std::string> marks = {};
  Cdn cdn = Cdn::kNone;
  bool hit = false;
};

// The newest lastmod of a sitemap that comes piece by piece.
class NewestOfSitemap {
 public:
  NewestOfSitemap();
  bool feed(std::string_view piece) { return reader_.feed(piece); }
  // After the last piece; empty when it is no sitemap, or tells no time.
  std::optional<WallTime> finish();

 private:
  std::optional<WallTime> newest_;
  ghost::SitemapReader reader_;
};

// `sought`: paths of posts that may be listed, newest first. Hosts a redirect may name and still be
// the site's: `site` and `other`.
Sight sightOf(const Page& page, const Site& site, std::string_view other,
              const std::vector<std::string>& sought, const Result<HttpResponse>& answer,
              bool ofEdge);

}  // namespace rollcall::checks::edge
