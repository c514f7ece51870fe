#include "checks/sitemap/pod_reader.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <utility>

#include "daemon/ghost/api.h"
#include "daemon/ghost/sitemap.h"
#include "daemon/roll/views.h"

namespace rollcall::checks::sitemap {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kIndexPath = "/sitemap.xml";
constexpr std::size_t kMaxBytes = 64u << 20;
constexpr std::size_t kMaxIndexEntries = 1'000;
// An answer that is no sitemap is read on for this long, so that its status becomes known.
constexpr std::size_t kPatienceBytes = 1u << 20;
constexpr Duration kTimeout = 8s;

// Why a sitemap could not be read: the pod's document is at fault, or nobody could look.
struct Trouble {
  bool unreadable = false;
  Error why;
};

std::optional<Trouble> troubleOf(const Result<HttpResponse>& answer,
                                 const Result<std::uint64_t>& read, bool rightKind) {
  if (!answer && !read && answer.error().code == ErrorCode::kProtocol)
    return Trouble{true, read.error()};
  if (!answer) return Trouble{answer.error().code == ErrorCode::kProtocol, answer.error()};
  const int status = answer->status;
  if (status == 404) return Trouble{true, {ErrorCode::kNotFound, "the pod answers 404 for it"}};
  if (status >= 300 && status < 400) {
    const bool isPrivate = answer->header("location").ends_with("/private/");
    return Trouble{false,
                   {ErrorCode::kUnavailable, isPrivate ? "the pod serves the site as private"
                                                       : "the pod redirects its sitemaps"}};
  }
  if (status != 200)
    return Trouble{false, {ErrorCode::kUnavailable, fmt::format("the pod answers {}", status)}};
  if (!read) return Trouble{true, read.error()};
  if (!rightKind)
    return Trouble{true, {ErrorCode::kProtocol, "it is not the kind of sitemap it should be"}};
  return std::nullopt;
}

void giveUp(PodReading& reading, Error why) {
  reading.whole = false;
  if (!reading.gap) reading.gap = std::move(why);
}

void takeVersion(PodReading& reading, const Result<HttpResponse>& answer) {
  if (answer || answer.error().code != ErrorCode::kCancelled) reading.reachable = bool(answer);
  if (!answer) return giveUp(reading, answer.error());
  if (answer->status != 200)
    return giveUp(reading,
                  {ErrorCode::kUnavailable,
                   fmt::format("the pod answers {} when asked for its version", answer->status)});
  const auto info = ghost::parseSiteInfo(answer->body);
  if (!info) return giveUp(reading, info.error());
  reading.version = ghost::parseVersion(info->version);
  if (!reading.version)
    giveUp(reading, {ErrorCode::kProtocol, "the pod shows a version that cannot be understood"});
}

void askVersionAt(PodBatch& batch, const std::string& api, bool orOlder, PodReading& reading) {
  PodRequest request;
  request.path = api + "site/";
  request.door = Door::kAdmin;
  request.reason = Reason::kHealth;
  request.shared = true;
  batch.get(reading.pod, std::move(request),
            [&batch, &reading, orOlder](const Result<HttpResponse>& answer) {
              if (orOlder && answer && answer->status == 404)
                askVersionAt(batch, ghost::adminApiPath(ghost::Version{4, 0}), false, reading);
              else
                takeVersion(reading, answer);
            });
}

// Keeps itself alive through its callbacks.
class PodReader : public std::enable_shared_from_this<PodReader> {
 public:
  PodReader(PodBatch& batch, const Site& site, std::size_t maxSitemaps, PodReading& reading)
      : batch_(batch), site_(site), maxSitemaps_(maxSitemaps), reading_(reading) {}

  void askIndex() {
    auto listed = std::make_shared<std::set<SitemapName>>();
    ask(
        std::string(kIndexPath), kMaxIndexEntries,
        [this, listed](const ghost::SitemapEntry& entry) {
          if (const auto name = parseSitemapName(roll::pathBelow(site_, entry.loc)))
            listed->insert(*name);
        },
        [this, listed](const Result<HttpResponse>& answer, ghost::SitemapReader& reader) {
          const auto read = reader.finish();
          if (auto trouble = troubleOf(answer, read, reader.isIndex()))
            return report(kIndexPath, std::move(*trouble));
          reading_.whole = true;
          askListed(*listed);
        });
  }

 private:
  using OnEntry = ghost::SitemapReader::OnEntry;
  using OnRead = std::function<void(const Result<HttpResponse>&, ghost::SitemapReader&)>;

  void askListed(const std::set<SitemapName>& listed) {
    std::size_t asked = 0;
    for (const SitemapName& name : listed) {
      if (asked++ == maxSitemaps_)
        return giveUp(reading_,
                      {ErrorCode::kProtocol,
                       fmt::format("it lists {} sitemaps, more than max_sitemaps", listed.size())});
      askSitemap(name);
    }
  }

  void askSitemap(const SitemapName& name) {
    ask(
        pathOf(name), ghost::SitemapReader::Limits{}.maxEntries,
        [this, name](const ghost::SitemapEntry& entry) {
          reading_.listing->record(name, roll::pathBelow(site_, entry.loc), entry.lastmod);
        },
        [this, name](const Result<HttpResponse>& answer, ghost::SitemapReader& reader) {
          const auto read = reader.finish();
          if (auto trouble = troubleOf(answer, read, !reader.isIndex()))
            report(pathOf(name), std::move(*trouble));
        });
  }

  // Streams one sitemap. The callbacks may use `this`: the request keeps it alive.
  void ask(std::string path, std::size_t maxEntries, OnEntry onEntry, OnRead onRead) {
    auto reader = std::make_shared<ghost::SitemapReader>(
        ghost::SitemapReader::Limits{.maxEntries = maxEntries}, std::move(onEntry));
    PodRequest request;
    request.path = std::move(path);
    request.reason = Reason::kView;
    request.maxBytes = kMaxBytes;
    request.timeout = kTimeout;
    request.onBody = [reader, bytes = std::size_t{0}](std::string_view piece) mutable {
      bytes += piece.size();
      return reader->feed(piece) || bytes < kPatienceBytes;
    };
    batch_.get(reading_.pod, std::move(request),
               [self = shared_from_this(), reader, onRead = std::move(onRead)](
                   Result<HttpResponse> answer) { onRead(answer, *reader); });
  }

  void report(std::string_view path, Trouble trouble) {
    if (!trouble.unreadable) return giveUp(reading_, std::move(trouble.why));
    reading_.whole = false;
    if (!reading_.unreadable)
      reading_.unreadable = Unreadable{std::string(path), std::move(trouble.why.message)};
  }

  PodBatch& batch_;
  const Site& site_;
  const std::size_t maxSitemaps_;
  PodReading& reading_;
};

}  // namespace

void askVersion(PodBatch& batch, PodReading& reading) {
  askVersionAt(batch, ghost::adminApiPath(std::nullopt), true, reading);
}

void readSitemaps(PodBatch& batch, const Site& site, std::size_t maxSitemaps, PodReading& reading) {
  std::make_shared<PodReader>(batch, site, maxSitemaps, reading)->askIndex();
}

}  // namespace rollcall::checks::sitemap
