// Which pages a run asks for. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "checks/edge/sight.h"
#include "daemon/core/clock.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::edge {

struct Wish {
  std::size_t newest = 3, changed = 3, hidden = 3;
  std::chrono::milliseconds lately = std::chrono::hours(24);
};

// By which a page is known from run to run: the id of its resource, else its path.
std::string keyOf(const Page& page);

// A post that was served at the edge in an earlier run.
struct Served {
  Page page;
  WallTime seen{};
};

using Keys = std::set<std::string, std::less<>>;

// The front page, the feed and the sitemap first, then those that were `wrong`, newest, lately
// hidden and changed posts and pages, each once. `paths` as roll::locate() gives them, by index
// into content.entries. `earlier`, by id: those that are gone from the database are asked for as
// deleted.
std::vector<Page> choosePages(const Content& content, const std::vector<std::string>& paths,
                              const Site& site, const Wish& wish,
                              const std::map<std::string, Served>& earlier, const Keys& wrong);
// Without a database.
std::vector<Page> fixedPages();

// Posts that every list should have by now: the newest that are older than `age`.
std::vector<std::string> soughtPaths(const Content& content, const std::vector<std::string>& paths,
                                     std::chrono::milliseconds age);

}  // namespace rollcall::checks::edge
