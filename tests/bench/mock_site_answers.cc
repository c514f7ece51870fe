#include "tests/bench/mock_site_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <vector>

#include "tests/bench/mock_site_rows.h"

namespace rollcall::bench {
namespace {

constexpr std::uint32_t kSitemapPage = 50'000;
constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kXml = "text/xml; charset=utf-8";
constexpr std::string_view kPublic = "public, max-age=0";
constexpr std::string_view kUrlset =
    R"(<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="/sitemap.xsl"?>)"
    R"(<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" )"
    R"(xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">)";

// A picture of one transparent point.
constexpr std::string_view kImage(
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx"
    "\x9c"
    "c\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa7\x35\x81\x84\0\0\0\0IEND\xae\x42\x60\x82",
    70);

std::uint32_t numberIn(std::string_view text, std::uint32_t otherwise) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

// "/a/b/" -> "b" when it begins with `before` and no further slash follows; else empty.
std::string_view slugIn(std::string_view path, std::string_view before) {
  if (!path.starts_with(before) || !path.ends_with('/')) return {};
  path.remove_prefix(before.size());
  if (path.size() < 2) return {};
  path.remove_suffix(1);
  return path.find('/') == std::string_view::npos ? path : std::string_view();
}

std::string_view reasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 401:
      return "Unauthorized";
    default:
      return "Not Found";
  }
}

// The Date header's value, made once a second.
std::string_view dateNow() {
  static std::time_t made = 0;
  static char text[40];
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made = now;
  }
  return text;
}

bool wants(std::string_view fields, std::string_view field) {
  if (fields.empty()) return true;
  for (std::size_t at = 0; at <= fields.size();) {
    const std::size_t end = std::min(fields.find(',', at), fields.size());
    if (fields.substr(at, end - at) == field) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    if (one.starts_with(name) && one.size() > name.size() && one[name.size()] == '=')
      return one.substr(name.size() + 1);
  }
  return {};
}

Pods::Pods(PodSettings settings, SiteState& site) : settings_(std::move(settings)), site_(site) {
  const std::size_t dot = settings_.version.find('.');
  const std::uint32_t major = numberIn(std::string_view(settings_.version).substr(0, dot), 5);
  const std::uint32_t minor =
      dot == std::string::npos ? 0 : numberIn(settings_.version.substr(dot + 1), 0);
  fromMemory_ = major < 6 || (major == 6 && minor < 57);
  static constexpr std::string_view kSentence =
      "<p>Every pod answers for every post, and this one says it at some length.</p>\n";
  while (filler_.size() < settings_.pageBytes) filler_ += kSentence;
}

void Pods::answer(std::size_t pod, const Request& request, std::string& out) const {
  const std::size_t mark = request.target.find('?');
  const std::string_view path = request.target.substr(0, mark);
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : request.target.substr(mark + 1);
  Answer answer;
  if (settings_.url.starts_with("https:") && !request.secure)
    answer = {.status = 301, .location = settings_.url + std::string(request.target)};
  else
    answer = answerOf(pod, path, query);
  write(request, answer, site_.counts(pod), out);
}

Pods::Answer Pods::answerOf(std::size_t pod, std::string_view path, std::string_view query) const {
  if (path.starts_with("/ghost/api/")) return api(pod, path, query);
  if (path.starts_with("/sitemap")) return sitemap(pod, path);
  if (path == "/") return rendered(Kind::kFront, "/", "Mock site", 1);
  if (path.starts_with("/content/images/"))
    return {.kind = Kind::kFile,
            .type = "image/png",
            .body = std::string(kImage),
            .tag = 2,
            .cache = "public, max-age=31536000"};
  if (path.starts_with("/assets/"))
    return {.kind = Kind::kFile,
            .type = "text/css; charset=utf-8",
            .body = "body{margin:0}",
            .tag = 3,
            .cache = "public, max-age=31536000"};
  if (path == "/robots.txt")
    return {
        .kind = Kind::kFile,
        .type = "text/plain; charset=utf-8",
        .body = "User-agent: *\nSitemap: " + settings_.url + "/sitemap.xml\nDisallow: /ghost/\n",
        .cache = "public, max-age=3600"};
  if (!path.ends_with('/') && path.find('.') == std::string_view::npos)
    return {
        .status = 301, .location = std::string(path) + "/", .cache = "public, max-age=31536000"};
  if (const auto slug = slugIn(path, "/tag/"); !slug.empty()) return archive(Type::kTag, slug);
  if (const auto slug = slugIn(path, "/author/"); !slug.empty())
    return archive(Type::kAuthor, slug);
  return page(pod, slugIn(path, "/"));
}

Pods::Answer Pods::page(std::size_t pod, std::string_view slug) const {
  const std::uint32_t post = numberOf(site_.shape(), Type::kPost, slug);
  if (post < site_.posts()) {
    if (!knows(pod, post) && fromMemory_) return notFound();
    const PostState state = site_.shown(pod, post);
    return rendered(Kind::kPage, fmt::format("/{}/", slug), site_.title(post, state),
                    (static_cast<std::uint64_t>(state.revision + 1) << 40) | post);
  }
  const std::uint32_t number = numberOf(site_.shape(), Type::kPage, slug);
  if (number >= countOf(Type::kPage)) return notFound();
  return rendered(Kind::kPage, fmt::format("/{}/", slug),
                  resourceOf(site_.shape(), Type::kPage, number).title, (1ull << 62) | number);
}

Pods::Answer Pods::archive(Type type, std::string_view slug) const {
  const std::uint32_t number = numberOf(site_.shape(), type, slug);
  if (number >= countOf(type)) return notFound();
  return rendered(Kind::kPage, fmt::format("/{}/{}/", type == Type::kTag ? "tag" : "author", slug),
                  resourceOf(site_.shape(), type, number).title,
                  (static_cast<std::uint64_t>(type) << 58) | number);
}

Pods::Answer Pods::rendered(Kind kind, std::string_view path, std::string_view title,
                            std::uint64_t tag) const {
  Answer answer{.kind = kind, .tag = tag, .cache = kPublic};
  answer.body.reserve(filler_.size() + 1'024);
  fmt::format_to(std::back_inserter(answer.body),
                 R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{0}</title>
<link rel="stylesheet" href="/assets/built/screen.css?v=0123456789">
<link rel="canonical" href="{1}{2}">
<meta property="og:title" content="{0}"><meta property="og:url" content="{1}{2}">
<meta name="generator" content="Ghost {3}">
<link rel="alternate" type="application/rss+xml" title="Mock site" href="{1}/rss/">
</head><body><article><h1>{0}</h1>
)",
                 title, settings_.url, path, settings_.version);
  answer.body += filler_;
  answer.body += "</article></body></html>\n";
  return answer;
}

Pods::Answer Pods::notFound() const {
  return {.kind = Kind::kNotFound,
          .status = 404,
          .body =
              "<!DOCTYPE html><html><head><title>404 — Page not found</title></head>"
              "<body><h1>404</h1><p>Page not found</p></body></html>\n",
          .cache = "private, no-cache, no-store, must-revalidate, max-age=0"};
}

Pods::Answer Pods::sitemap(std::size_t pod, std::string_view path) const {
  if (path == "/sitemap.xml") return sitemapIndex();
  if (!path.ends_with(".xml") || !path.starts_with("/sitemap-")) return notFound();
  std::string_view name = path.substr(9, path.size() - 9 - 4);
  std::uint32_t number = 1;
  if (const std::size_t dash = name.find('-'); dash != std::string_view::npos) {
    number = numberIn(name.substr(dash + 1), 0);
    if (number < 2) return notFound();
    name = name.substr(0, dash);
  }
  if (name == "posts") return postSitemap(pod, number);
  if (number > 1) return notFound();
  if (name == "pages") return otherSitemap(Type::kPage, countOf(Type::kPage));
  if (name == "tags") return otherSitemap(Type::kTag, countOf(Type::kTag));
  if (name == "authors") return otherSitemap(Type::kAuthor, countOf(Type::kAuthor));
  return notFound();
}

Pods::Answer Pods::sitemapIndex() const {
  Answer answer{.kind = Kind::kSitemap, .type = kXml, .cache = "public, max-age=3600"};
  answer.body = R"(<?xml version="1.0" encoding="UTF-8"?>)"
                R"(<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">)";
  const auto add = [&](std::string_view name) {
    answer.body +=
        fmt::format("<sitemap><loc>{}/sitemap-{}.xml</loc><lastmod>{}</lastmod></sitemap>",
                    settings_.url, name, isoOf(kFirstSecond));
  };
  add("pages");
  const std::uint32_t pages = std::max(1u, (site_.posts() + kSitemapPage - 1) / kSitemapPage);
  for (std::uint32_t page = 1; page <= pages; ++page)
    add(page == 1 ? "posts" : fmt::format("posts-{}", page));
  for (const std::string_view name : {"authors", "tags"}) add(name);
  answer.body += "</sitemapindex>";
  return answer;
}

// The newest first, as Ghost has them; what was updated since stays where it was.
Pods::Answer Pods::postSitemap(std::size_t pod, std::uint32_t page) const {
  Answer answer{.kind = Kind::kSitemap, .type = kXml, .cache = "public, max-age=3600"};
  answer.body.reserve(std::min(kSitemapPage, site_.posts()) * 160);
  answer.body = kUrlset;
  const PodState& state = site_.pod(pod);
  std::uint64_t skip = static_cast<std::uint64_t>(page - 1) * kSitemapPage;
  std::uint32_t listed = 0;
  for (std::uint32_t post = site_.posts(); post-- > 0 && listed < kSitemapPage;) {
    if (state.missing.contains(post) || state.unlisted.contains(post)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    ++listed;
    const auto old = state.oldDate.find(post);
    const PostState shown = old == state.oldDate.end() ? site_.shown(pod, post) : old->second;
    const Resource one = resourceOf(site_.shape(), Type::kPost, post);
    answer.body += "<url><loc>";
    ((answer.body += settings_.url) += '/') += one.slug;
    (answer.body += "/</loc><lastmod>") += isoOf(shown.updated);
    answer.body += "</lastmod>";
    if (illustrated(post))
      answer.body += fmt::format(
          "<image:image><image:loc>{}/content/images/2026/01/{}.png</image:loc>"
          "<image:caption>{}.png</image:caption></image:image>",
          settings_.url, one.slug, one.slug);
    answer.body += "</url>";
  }
  if (listed == 0) return notFound();
  answer.body += "</urlset>";
  return answer;
}

Pods::Answer Pods::otherSitemap(Type type, std::uint32_t count) const {
  Answer answer{.kind = Kind::kSitemap, .type = kXml, .cache = "public, max-age=3600"};
  answer.body = kUrlset;
  const std::string_view folder = type == Type::kTag      ? "tag/"
                                  : type == Type::kAuthor ? "author/"
                                                          : "";
  if (type == Type::kPage)
    answer.body += fmt::format("<url><loc>{}/</loc><lastmod>{}</lastmod></url>", settings_.url,
                               isoOf(kFirstSecond));
  for (std::uint32_t i = 0; i < count; ++i) {
    const Resource one = resourceOf(site_.shape(), type, i);
    answer.body += fmt::format("<url><loc>{}/{}{}/</loc><lastmod>{}</lastmod></url>", settings_.url,
                               folder, one.slug, isoOf(one.published));
  }
  answer.body += "</urlset>";
  return answer;
}

Pods::Answer Pods::api(std::size_t pod, std::string_view path, std::string_view query) const {
  Answer answer{.kind = Kind::kSite, .type = kJson, .cache = kPublic};
  if (path == "/ghost/api/admin/site/") {
    answer.body = fmt::format(
        R"({{"site":{{"title":"Mock site","description":"As many posts as you like","logo":null,)"
        R"("icon":null,"cover_image":null,"accent_color":"#FF1A75","locale":"en","url":"{}/",)"
        R"("version":"{}","allow_external_signup":true}}}})",
        settings_.url, settings_.version);
    return answer;
  }
  if (path == "/ghost/api/admin/authentication/setup/") {
    answer.body = R"({"setup":[{"status":true}]})";
    return answer;
  }
  answer.kind = Kind::kContentApi;
  if (!path.starts_with("/ghost/api/content/")) {
    answer = {
        .status = 404, .type = kJson, .body = R"({"errors":[{"message":"Resource not found"}]})"};
    return answer;
  }
  if (parameter(query, "key") != kContentKey) {
    answer.status = 401;
    answer.body =
        R"({"errors":[{"message":"Unknown Content API Key","type":"UnauthorizedError"}]})";
    return answer;
  }
  return list(pod, slugIn(path, "/ghost/api/content/"), query);
}

Pods::Answer Pods::list(std::size_t pod, std::string_view type, std::string_view query) const {
  Answer answer{.kind = Kind::kContentApi, .type = kJson, .cache = kPublic};
  if (type == "settings") {
    answer.body = fmt::format(
        R"({{"settings":{{"title":"Mock site","description":"As many posts as you like","logo":null,)"
        R"("icon":null,"accent_color":"#FF1A75","cover_image":null,"locale":"en","timezone":"Etc/UTC",)"
        R"("url":"{}/"}},"meta":{{}}}})",
        settings_.url);
    return answer;
  }
  if (type == "tiers") {
    answer.body = R"({"tiers":[],"meta":{"pagination":{"page":1,"limit":15,"pages":1,"total":0,)"
                  R"("next":null,"prev":null}}})";
    return answer;
  }
  const bool posts = type == "posts";
  const Type which = posts               ? Type::kPost
                     : type == "tags"    ? Type::kTag
                     : type == "authors" ? Type::kAuthor
                                         : Type::kPage;
  if (which == Type::kPage && type != "pages") {
    answer.status = 404;
    answer.body = R"({"errors":[{"message":"Resource not found"}]})";
    return answer;
  }
  const std::uint32_t total = posts ? site_.posts() : countOf(which);
  std::uint32_t limit = parameter(query, "limit") == "all"
                            ? std::max(1u, total)
                            : numberIn(parameter(query, "limit"), 15);
  if (!settings_.version.starts_with("5.")) limit = std::min(limit, 100u);
  limit = std::max(1u, limit);
  const std::uint32_t page = std::max(1u, numberIn(parameter(query, "page"), 1));
  const std::uint32_t pages = std::max(1u, (total + limit - 1) / limit);
  const std::string_view fields = parameter(query, "fields");
  const std::string_view folder = which == Type::kTag      ? "tag/"
                                  : which == Type::kAuthor ? "author/"
                                                           : "";
  answer.body = fmt::format(R"({{"{}":[)", type);
  const std::uint64_t first = static_cast<std::uint64_t>(page - 1) * limit;
  for (std::uint64_t i = first; i < std::min<std::uint64_t>(first + limit, total); ++i) {
    const auto number = static_cast<std::uint32_t>(total - 1 - i);
    const Resource one = resourceOf(site_.shape(), which, number);
    const bool lost = posts && fromMemory_ && !knows(pod, number);
    const PostState shown =
        posts ? site_.shown(pod, number) : PostState{one.published, one.published};
    answer.body += i == first ? "{" : ",{";
    std::string_view comma = "";
    const auto add = [&](std::string_view field, std::string_view value) {
      if (!wants(fields, field)) return;
      answer.body += fmt::format(R"({}"{}":"{}")", comma, field, value);
      comma = ",";
    };
    add("id", one.id);
    add("title", posts ? site_.title(number, shown) : one.title);
    add("slug", one.slug);
    add("updated_at", isoOf(shown.updated));
    add("published_at", isoOf(shown.published));
    add("url",
        lost ? settings_.url + "/404/" : fmt::format("{}/{}{}/", settings_.url, folder, one.slug));
    answer.body += '}';
  }
  answer.body += fmt::format(
      R"(],"meta":{{"pagination":{{"page":{},"limit":{},"pages":{},"total":{},"next":{},"prev":{}}}}}}})",
      page, limit, pages, total, page < pages ? std::to_string(page + 1) : "null",
      page > 1 ? std::to_string(page - 1) : "null");
  return answer;
}

bool Pods::knows(std::size_t pod, std::uint32_t post) const {
  return !site_.pod(pod).missing.contains(post);
}

bool Pods::illustrated(std::uint32_t post) const {
  return post % 100 < settings_.images;
}

// Public ones: of tags and authors those that have posts.
std::uint32_t Pods::countOf(Type type) const {
  const Shape& shape = site_.shape();
  if (type == Type::kPage) return shape.pages;
  return std::min(shape.posts, type == Type::kTag ? shape.tags : shape.authors);
}

void Pods::write(const Request& request, const Answer& answer, Counts& counts,
                 std::string& out) const {
  const std::size_t before = out.size();
  std::string tag;
  if (answer.tag != 0) tag = fmt::format("W/\"{:x}-{:x}\"", answer.body.size(), answer.tag);
  const bool unchanged = !tag.empty() && request.ifNoneMatch == tag;
  const int status = unchanged ? 304 : answer.status;
  auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\nX-Powered-By: Express\r\n", status, reasonOf(status));
  if (!answer.cache.empty()) fmt::format_to(to, "Cache-Control: {}\r\n", answer.cache);
  if (answer.type == kJson)
    fmt::format_to(to, "Content-Version: v{}\r\nAccess-Control-Allow-Origin: *\r\n",
                   settings_.version);
  if (!answer.location.empty()) fmt::format_to(to, "Location: {}\r\n", answer.location);
  if (!tag.empty()) fmt::format_to(to, "ETag: {}\r\n", tag);
  if (!unchanged)
    fmt::format_to(to, "Content-Type: {}\r\nContent-Length: {}\r\n", answer.type,
                   answer.body.size());
  fmt::format_to(to, "Vary: Accept-Encoding\r\nDate: {}\r\nConnection: {}\r\n\r\n", dateNow(),
                 request.close ? "close" : "keep-alive\r\nKeep-Alive: timeout=5");
  if (!request.head && !unchanged) out += answer.body;
  ++counts.byKind[static_cast<std::size_t>(answer.kind)];
  counts.heads += request.head;
  counts.bytes += out.size() - before;
}

}  // namespace rollcall::bench
