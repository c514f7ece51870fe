#include "checks/edge/sight.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::edge {
namespace {

constexpr std::string_view kModified = "property=\"article:modified_time\"";
constexpr std::string_view kContent = "content=\"";

std::optional<WallTime> timeOf(std::string_view text) {
  const auto seconds = ghost::parseLastmod(text);
  if (!seconds) return std::nullopt;
  return WallTime(std::chrono::seconds(*seconds));
}

// <meta property="article:modified_time" content="2026-01-31T23:30:00.000Z">, as Ghost writes it.
std::optional<WallTime> modifiedOf(std::string_view body) {
  const auto property = body.find(kModified);
  if (property == std::string_view::npos) return std::nullopt;
  const std::string_view rest = body.substr(property, 200);
  const auto begin = rest.find(kContent);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view value = rest.substr(begin + kContent.size());
  return timeOf(value.substr(0, value.find('"')));
}

std::optional<WallTime> newestOf(std::string_view sitemap) {
  NewestOfSitemap newest;
  newest.feed(sitemap);
  return newest.finish();
}

// "https://e.org/welcome/" in an attribute or an element, or "/welcome/" in an attribute.
bool lists(const Site& site, std::string_view body, const std::string& path) {
  const std::string whole = site.urlOf(path), below = site.pathOf(path);
  return body.find(whole + "\"") != std::string_view::npos ||
         body.find(whole + "<") != std::string_view::npos ||
         body.find("\"" + below + "\"") != std::string_view::npos;
}

std::string_view hostOf(std::string_view location) {
  const auto scheme = location.find("//");
  if (scheme == std::string_view::npos || scheme > location.find('/')) return {};
  const std::string_view rest = location.substr(scheme + 2);
  return rest.substr(0, rest.find_first_of("/?#"));
}

// Why a redirect of the edge is not about the page; nothing when it is.
std::optional<std::string> foreign(const Site& site, std::string_view other,
                                   std::string_view location) {
  const std::string_view host = hostOf(location);
  if (host.empty() || host == site.url.authority() || host == other) return std::nullopt;
  return fmt::format(
      "the edge redirects to another host, {}: name where readers come to in checks.edge.url",
      host.substr(0, 100));
}

std::string unseenText(const roll::Answer& answer, bool ofEdge) {
  if (!ofEdge || !answer.why.starts_with("the pod")) return answer.why;
  return "the edge" + answer.why.substr(std::string_view("the pod").size());
}

void read(const Page& page, const Site& site, const std::vector<std::string>& sought,
          std::string_view body, Sight& sight) {
  switch (page.kind) {
    case Kind::kPost:
      sight.stamp = modifiedOf(body);
      return;
    case Kind::kSitemap:
      sight.stamp = newestOf(body);
      return;
    case Kind::kFront:
    case Kind::kFeed:
      for (const std::string& path : sought)
        if (lists(site, body, path)) sight.listed.push_back(path);
      return;
  }
}

Shown shownOf(const Page& page, roll::State state) {
  switch (state) {
    case roll::State::kOk:
      return page.isPublic ? Shown::kServed : Shown::kAbsent;
    case roll::State::kServed:
      return Shown::kServed;
    case roll::State::kUnknown:
    case roll::State::kTimeout:
      return Shown::kUnseen;
    case roll::State::kDeclared:
    case roll::State::kError:
    case roll::State::kMoved:
    case roll::State::kMissing:
      return Shown::kAbsent;
  }
  return Shown::kUnseen;
}

}  // namespace

NewestOfSitemap::NewestOfSitemap()
    : reader_({}, [this](const ghost::SitemapEntry& entry) {
        if (const auto time = timeOf(entry.lastmod))
          newest_ = std::max(newest_.value_or(*time), *time);
      }) {}

std::optional<WallTime> NewestOfSitemap::finish() {
  return reader_.finish() ? newest_ : std::nullopt;
}

Sight sightOf(const Page& page, const Site& site, std::string_view other,
              const std::vector<std::string>& sought, const Result<HttpResponse>& answer,
              bool ofEdge) {
  Sight sight;
  if (!answer) {
    sight.why = answer.error().message;
    return sight;
  }
  sight.status = answer->status;
  sight.location = answer->header("location").substr(0, 300);
  sight.kept = mayBeKept(answer->header("cache-control"));
  sight.marks = marksOf(*answer);
  sight.cdn = cdnOf(*answer);
  sight.hit = isHit(*answer);
  std::optional<std::string> refusal;
  if (ofEdge) refusal = refusalOf(*answer);
  if (ofEdge && !refusal && answer->status / 100 == 3)
    refusal = foreign(site, other, answer->header("location"));
  if (refusal) {
    sight.why = std::move(*refusal);
    return sight;
  }
  const roll::Answer said =
      roll::classify({.isPublic = page.isPublic, .path = page.path}, site, answer);
  sight.shown = shownOf(page, said.state);
  if (sight.shown == Shown::kUnseen) sight.why = unseenText(said, ofEdge);
  if (sight.shown == Shown::kServed) read(page, site, sought, answer->body, sight);
  return sight;
}

}  // namespace rollcall::checks::edge
