// A streaming reader for Ghost's sitemaps and sitemap indexes. No entities beyond the five of XML
// and numeric references, no DTD (a document with one is refused), bounded depth, text and count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/result.h"

namespace rollcall::ghost {

struct SitemapEntry {
  std::string_view loc;      // valid during the callback only; entities decoded
  std::string_view lastmod;  // as written; empty when absent
};

// Feed pieces as they arrive. Not thread-safe.
class SitemapReader {
 public:
  struct Limits {
    std::size_t maxEntries = 50'000;   // Ghost's own page size
    std::size_t maxTextBytes = 8'192;  // of one element's text
    int maxDepth = 16;
  };
  using OnEntry = std::function<void(const SitemapEntry&)>;
  SitemapReader(Limits limits, OnEntry onEntry);
  ~SitemapReader();
  // False after the first error; further input is then ignored.
  bool feed(std::string_view piece);
  // After the last piece: the number of entries, or what was wrong (kProtocol).
  Result<std::uint64_t> finish();
  // True when the root element was <sitemapindex>.
  bool isIndex() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Seconds since the epoch of a W3C datetime ("2026-01-31T23:30:00.000Z"); nullopt when malformed.
std::optional<std::int64_t> parseLastmod(std::string_view text);

}  // namespace rollcall::ghost
