#include "daemon/roll/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "daemon/ghost/api.h"
#include "daemon/ghost/routes.h"
#include "daemon/ghost/sitemap.h"

namespace rollcall::roll {
namespace {

constexpr std::size_t kSitemapBytes = 64u << 20;
constexpr std::size_t kApiBytes = 8u << 20;
constexpr std::uint64_t kSitemapPage = 50'000;  // Ghost's
constexpr std::uint64_t kMaxSitemaps = 40;      // 2 million URLs
constexpr std::uint64_t kMaxApiPages = 2'000;   // 200,000 posts of Ghost 6, 2 million of older ones
constexpr const char* kTypes[] = {"posts", "pages"};

// Ghost writes letters beyond ASCII raw in sitemaps and escaped elsewhere: always escaped here.
Place put(PathTable& paths, std::string_view path) {
  const bool plain = std::ranges::all_of(
      path, [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '%'; });
  return paths.put(plain ? path : std::string_view(ghost::encodePath(ghost::decodePath(path))));
}

// Counts an address to be taken; false once the pod has sent more than it may.
bool keep(View& view, std::size_t bytes, std::size_t maxBytes) {
  view.bytes += bytes + sizeof(std::string);
  return view.bytes <= maxBytes;
}

// One type's sitemaps of one pod, page after page. Keeps itself alive through its callbacks.
class SitemapWalk : public std::enable_shared_from_this<SitemapWalk> {
 public:
  SitemapWalk(PodBatch& batch, const Pod& pod, const Site& site, std::string type,
              std::size_t maxBytes, PathTable& paths, View& view)
      : batch_(batch),
        pod_(pod),
        site_(site),
        type_(std::move(type)),
        maxBytes_(maxBytes),
        paths_(paths),
        view_(view) {}

  void next() {
    ++page_;
    reader_ = std::make_unique<ghost::SitemapReader>(ghost::SitemapReader::Limits{},
                                                     [this](const ghost::SitemapEntry& entry) {
                                                       if (keep(view_, entry.loc.size(), maxBytes_))
                                                         list(pathBelow(site_, entry.loc));
                                                     });
    PodRequest request;
    request.path = page_ == 1 ? fmt::format("/sitemap-{}.xml", type_)
                              : fmt::format("/sitemap-{}-{}.xml", type_, page_);
    request.reason = Reason::kView;
    request.maxBytes = kSitemapBytes;
    request.onBody = [self = shared_from_this()](std::string_view piece) {
      self->reader_->feed(piece);
      return self->view_.bytes <= self->maxBytes_;
    };
    batch_.get(pod_, std::move(request),
               [self = shared_from_this()](const Result<HttpResponse>& answer) {
                 self->answered(answer);
               });
  }

 private:
  void list(std::string_view path) {
    const Place next = paths_.next(last_, path);
    last_ = next == kNoPlace ? put(paths_, path) : next;
    view_.declared.list(last_);
  }
  void answered(const Result<HttpResponse>& answer) {
    if (answer && answer->status == 404) return;  // an empty type, or no further page
    if (!answer || answer->status != 200) return giveUp();
    const auto count = reader_->finish();
    if (!count) return giveUp();
    if (*count < kSitemapPage) return;
    if (page_ == kMaxSitemaps) return giveUp();
    next();
  }
  void giveUp() { view_.sitemaps = false; }

  PodBatch& batch_;
  const Pod& pod_;
  const Site& site_;
  const std::string type_;
  const std::size_t maxBytes_;
  PathTable& paths_;
  View& view_;
  Place last_ = kNoPlace;  // that it listed
  std::uint64_t page_ = 0;
  std::unique_ptr<ghost::SitemapReader> reader_;
};

// One type's Content API list of one pod. 6.x gives at most 100 a page, 5.x what it is asked for.
class ApiWalk : public std::enable_shared_from_this<ApiWalk> {
 public:
  // `otherwise` is called when a list cannot be read.
  ApiWalk(PodBatch& batch, const Pod& pod, const Site& site, std::string type, const ViewWish& wish,
          ViewBooks books, View& view, std::function<void()> otherwise)
      : batch_(batch),
        pod_(pod),
        site_(site),
        type_(std::move(type)),
        wish_(wish),
        books_(books),
        view_(view),
        otherwise_(std::move(otherwise)) {}

  void next() {
    ++page_;
    const bool capped = view_.version && view_.version->major >= 6;
    PodRequest request;
    request.path = fmt::format("{}{}/?key={}&fields=id,slug,url&limit={}&page={}",
                               ghost::contentApiPath(view_.version), type_, wish_.contentKey,
                               capped ? 100 : 1000, page_);
    request.door = Door::kAdmin;
    request.reason = Reason::kView;
    request.maxBytes = kApiBytes;
    batch_.get(pod_, std::move(request),
               [self = shared_from_this()](const Result<HttpResponse>& answer) {
                 self->answered(answer);
               });
  }

 private:
  void answered(const Result<HttpResponse>& answer) {
    if (!answer) return giveUp(answer.error());
    if (answer->status != 200)
      return giveUp({ErrorCode::kUnavailable, fmt::format("the pod answers {} when asked for {}",
                                                          answer->status, listName())});
    const auto list = ghost::parseDeclared(answer->body, type_);
    if (!list) return giveUp(list.error());
    for (const ghost::Declared& item : list->items) {
      if (!keep(view_, item.id.size() + item.url.size(), wish_.maxBytes))
        return giveUp({ErrorCode::kProtocol, listName() + " is longer than what is expected"});
      const auto entry = books_.ids.findFrom(last_, item.id);
      if (!entry) continue;
      last_ = *entry;
      view_.declared.tell(*entry, placeOf(*entry, pathBelow(site_, item.url)));
    }
    if (page_ >= list->pages) return;
    if (page_ == kMaxApiPages)
      return giveUp(
          {ErrorCode::kProtocol, listName() + " goes on after 2,000 pages, and no more are read"});
    next();
  }
  // Nearly always where the first pod that told of the entry put it.
  Place placeOf(std::size_t entry, std::string_view path) {
    const Place first = entry < books_.told.size() ? books_.told[entry] : kNoPlace;
    return first != kNoPlace && books_.paths.at(first) == path ? first : put(books_.paths, path);
  }
  std::string listName() const { return "its Content API's list of " + type_; }
  void giveUp(Error why) {
    view_.api = false;
    if (!view_.apiFault) view_.apiFault = std::move(why);
    otherwise_();
  }

  PodBatch& batch_;
  const Pod& pod_;
  const Site& site_;
  const std::string type_;
  const ViewWish wish_;
  const ViewBooks books_;
  View& view_;
  const std::function<void()> otherwise_;
  std::uint64_t page_ = 0;
  std::size_t last_ = 0;  // entry that it told of
};

void readSitemaps(PodBatch& batch, const Pod& pod, const Site& site, const ViewWish& wish,
                  PathTable& paths, View& view) {
  view.sitemaps = true;
  for (const char* type : kTypes)
    std::make_shared<SitemapWalk>(batch, pod, site, type, wish.maxBytes, paths, view)->next();
}

void readLists(PodBatch& batch, const Pod& pod, const Site& site, const ViewWish& wish,
               ViewBooks books, View& view) {
  const bool prove = !view.version || routesFromMemory(*view.version);
  view.api = !wish.contentKey.empty();
  view.declared.share(books.told);
  if (prove || (wish.hints && !view.api)) readSitemaps(batch, pod, site, wish, books.paths, view);
  if (!view.api) return;
  const bool fallBack = wish.hints && !prove;
  const auto otherwise = [=, &batch, &pod, &site, &view, told = std::make_shared<bool>()] {
    if (fallBack && !std::exchange(*told, true))
      readSitemaps(batch, pod, site, wish, books.paths, view);
  };
  for (const char* type : kTypes)
    std::make_shared<ApiWalk>(batch, pod, site, type, wish, books, view, otherwise)->next();
}

void askVersion(PodBatch& batch, const Pod& pod, std::string path, HttpDone done) {
  PodRequest request;
  request.path = std::move(path);
  request.door = Door::kAdmin;
  request.reason = Reason::kHealth;
  request.shared = true;
  batch.get(pod, std::move(request), std::move(done));
}

}  // namespace

std::string_view pathBelow(const Site& site, std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const auto slash = url.find('/', scheme + 3);
    url = slash == std::string_view::npos ? "/" : url.substr(slash);
  }
  const std::string_view below = site.url.path;
  if (below != "/" && url.starts_with(below) && url.substr(below.size()).starts_with('/'))
    url.remove_prefix(below.size());
  return url;
}

void readView(PodBatch& batch, const Pod& pod, const Site& site, const ViewWish& wish,
              ViewBooks books, View& view) {
  const auto understood = [&batch, &pod, &site, wish, books,
                           &view](const Result<HttpResponse>& answer) {
    if (!answer) {
      view.unreachable = answer.error();
      return;
    }
    if (answer->status == 200)
      if (const auto info = ghost::parseSiteInfo(answer->body))
        view.version = ghost::parseVersion(info->version);
    readLists(batch, pod, site, wish, books, view);
  };
  askVersion(
      batch, pod, "/ghost/api/admin/site/", [=, &batch, &pod](const Result<HttpResponse>& answer) {
        if (!answer || answer->status != 404) return understood(answer);
        askVersion(batch, pod, ghost::adminApiPath(ghost::Version{4, 0}) + "site/", understood);
      });
}

}  // namespace rollcall::roll
