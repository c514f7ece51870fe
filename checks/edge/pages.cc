#include "checks/edge/pages.h"

#include <algorithm>
#include <set>

namespace rollcall::checks::edge {
namespace {

constexpr std::size_t kSought = 20;

class Chooser {
 public:
  Chooser(const Content& content, const std::vector<std::string>& paths, const Site& site)
      : content_(content), paths_(paths), site_(site) {}

  // The first `count` of those that `fits`, newest by `when`.
  template <class Fits, class When>
  void add(std::size_t count, Fits fits, When when) {
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < content_.entries.size(); ++i)
      if (isText(content_.entries[i]) && !paths_[i].empty() && fits(content_.entries[i]))
        fitting.push_back(i);
    std::ranges::stable_sort(fitting, [&](std::size_t a, std::size_t b) {
      return when(content_.entries[a]) > when(content_.entries[b]);
    });
    for (const std::size_t i : fitting) {
      if (count-- == 0) return;
      if (chosen_.insert(paths_[i]).second) pages.push_back(pageOf(i));
    }
  }

  std::vector<Page> pages = fixedPages();

 private:
  static bool isText(const Entry& entry) {
    return entry.type == ResourceType::kPost || entry.type == ResourceType::kPage;
  }
  Page pageOf(std::size_t i) const {
    const Entry& entry = content_.entries[i];
    Page page;
    page.path = paths_[i];
    page.isPublic = entry.isPublic;
    page.resource = {std::string(name(entry.type)), std::string(entry.id), std::string(entry.slug),
                     site_.urlOf(paths_[i])};
    page.status = entry.status;
    page.changed = std::max(entry.updatedAt, entry.publishedAt.value_or(entry.updatedAt));
    return page;
  }

  const Content& content_;
  const std::vector<std::string>& paths_;
  const Site& site_;
  std::set<std::string> chosen_;
};

}  // namespace

std::string keyOf(const Page& page) {
  return page.resource.id.empty() ? page.path : page.resource.id;
}

std::vector<Page> fixedPages() {
  std::vector<Page> pages(3);
  pages[0].kind = Kind::kFront, pages[0].path = "/";
  pages[1].kind = Kind::kFeed, pages[1].path = "/rss/";
  pages[2].kind = Kind::kSitemap, pages[2].path = "/sitemap-posts.xml";
  return pages;
}

std::vector<Page> choosePages(const Content& content, const std::vector<std::string>& paths,
                              const Site& site, const Wish& wish,
                              const std::map<std::string, Served>& earlier, const Keys& wrong) {
  Chooser chooser(content, paths, site);
  const auto published = [](const Entry& one) { return one.publishedAt.value_or(WallTime{}); };
  const auto updated = [](const Entry& one) { return one.updatedAt; };
  const auto lately = [&](const Entry& one) {
    return elapsed(one.updatedAt, content.now) < wish.lately;
  };
  chooser.add(
      wrong.size(), [&](const Entry& one) { return wrong.contains(one.id.view()); }, updated);
  chooser.add(
      wish.newest, [](const Entry& one) { return one.isPublic; }, published);
  chooser.add(
      wish.hidden,
      [&](const Entry& one) {
        // A date to come is of a draft that was never public: its address is nobody's business.
        return !one.isPublic && one.status == "draft" && one.publishedAt &&
               *one.publishedAt <= content.now && lately(one);
      },
      updated);
  chooser.add(
      wish.changed, [&](const Entry& one) { return one.isPublic && lately(one); }, updated);
  std::size_t left = wish.hidden;
  for (const auto& [id, served] : earlier) {
    const bool there =
        std::ranges::any_of(content.entries, [&](const Entry& one) { return one.id == id; });
    const bool taken = std::ranges::any_of(
        chooser.pages, [&](const Page& one) { return one.path == served.page.path; });
    if (there || taken || (left == 0 && !wrong.contains(id))) continue;
    if (left > 0) --left;
    Page page = served.page;
    page.isPublic = false;
    page.status = "deleted";
    page.changed = served.seen;
    chooser.pages.push_back(std::move(page));
  }
  return std::move(chooser.pages);
}

std::vector<std::string> soughtPaths(const Content& content, const std::vector<std::string>& paths,
                                     std::chrono::milliseconds age) {
  std::vector<std::size_t> posts;
  for (std::size_t i = 0; i < content.entries.size(); ++i) {
    const Entry& entry = content.entries[i];
    const bool old = elapsed(std::max(entry.updatedAt, entry.publishedAt.value_or(WallTime{})),
                             content.now) > age;
    if (entry.type == ResourceType::kPost && entry.isPublic && old && !paths[i].empty())
      posts.push_back(i);
  }
  std::ranges::stable_sort(posts, [&](std::size_t a, std::size_t b) {
    return content.entries[a].publishedAt > content.entries[b].publishedAt;
  });
  std::vector<std::string> sought;
  for (const std::size_t i : posts)
    if (sought.size() < kSought) sought.push_back(paths[i]);
  return sought;
}

}  // namespace rollcall::checks::edge
