// What a pod of Ghost 5.130 (or a later one, by its version) answers, as far as Rollcall, readers
// and other probes ask. A front page, posts, pages, archives, sitemaps, the Content API, /site/.
#pragma once

#include <string>
#include <string_view>

#include "tests/bench/mock_site_state.h"

namespace rollcall::bench {

struct Request {
  bool head = false;
  std::string_view target;  // with its query
  std::string_view ifNoneMatch;
  bool secure = false;  // TLS, or X-Forwarded-Proto says so
  bool close = false;   // the connection ends after the answer
};

struct PodSettings {
  std::string url;  // the site's, without a final slash
  std::string version = "5.130";
  std::size_t pageBytes = 16'384;  // of a rendered page, about
  unsigned images = 0;             // percent of the posts that have a feature image
};

class Pods {
 public:
  // Borrows `site`.
  Pods(PodSettings settings, SiteState& site);
  // Appends the answer of that pod to `out`, and counts it.
  void answer(std::size_t pod, const Request& request, std::string& out) const;

 private:
  struct Answer {
    Kind kind = Kind::kOther;
    int status = 200;
    std::string_view type = "text/html; charset=utf-8";
    std::string body;
    std::string location;         // of a redirect
    std::uint64_t tag = 0;        // of the ETag; 0: none
    std::string_view cache = "";  // Cache-Control; empty: as Ghost's pages
  };
  Answer answerOf(std::size_t pod, std::string_view path, std::string_view query) const;
  Answer api(std::size_t pod, std::string_view path, std::string_view query) const;
  Answer list(std::size_t pod, std::string_view type, std::string_view query) const;
  Answer sitemap(std::size_t pod, std::string_view path) const;
  Answer sitemapIndex() const;
  Answer postSitemap(std::size_t pod, std::uint32_t page) const;
  Answer otherSitemap(Type type, std::uint32_t count) const;
  Answer page(std::size_t pod, std::string_view slug) const;
  Answer archive(Type type, std::string_view slug) const;
  Answer rendered(Kind kind, std::string_view path, std::string_view title,
                  std::uint64_t tag) const;
  Answer notFound() const;
  bool knows(std::size_t pod, std::uint32_t post) const;
  bool illustrated(std::uint32_t post) const;
  std::uint32_t countOf(Type type) const;
  void write(const Request& request, const Answer& answer, Counts& counts, std::string& out) const;

  PodSettings settings_;
  SiteState& site_;
  bool fromMemory_;  // such a pod answers 404 for a post that it does not know
  std::string filler_;
};

// The value of `name` in a query, not decoded; empty when it is not there.
std::string_view parameter(std::string_view query, std::string_view name);

}  // namespace rollcall::bench
