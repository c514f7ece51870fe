// Sitemaps as pods serve them, in whatever pieces the network brings.
#include "daemon/ghost/sitemap.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/core/clock.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

using ghost::SitemapEntry;
using ghost::SitemapReader;

struct Reading {
  std::vector<std::pair<std::string, std::string>> entries;
  bool index = false;
  bool good = false;

  bool operator==(const Reading&) const = default;
};

Reading read(std::string_view text, std::size_t piece, const SitemapReader::Limits& limits) {
  Reading reading;
  SitemapReader reader(limits, [&](const SitemapEntry& entry) {
    reading.entries.emplace_back(entry.loc, entry.lastmod);
  });
  for (std::size_t at = 0; at < text.size(); at += piece)
    if (!reader.feed(text.substr(at, piece))) break;
  const Result<std::uint64_t> count = reader.finish();
  reading.index = reader.isIndex();
  reading.good = count.has_value();
  if (count) FUZZ_HOLDS(*count == reading.entries.size());
  if (!count) FUZZ_HOLDS(count.error().code == ErrorCode::kProtocol);
  if (!count) FUZZ_HOLDS(fuzz::isFit(count.error()));
  return reading;
}

std::string escaped(std::string_view text) {
  std::string xml;
  for (const char c : text)
    xml += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return xml;
}

std::string written(const Reading& reading) {
  const std::string root = reading.index ? "sitemapindex" : "urlset";
  const std::string item = reading.index ? "sitemap" : "url";
  std::string xml = "<" + root + ">";
  for (const auto& [loc, lastmod] : reading.entries)
    xml += "<" + item + "><loc>" + escaped(loc) + "</loc><lastmod>" + escaped(lastmod) +
           "</lastmod></" + item + ">";
  return xml + "</" + root + ">";
}

void check(std::string_view text, std::size_t piece) {
  constexpr SitemapReader::Limits kSmall{.maxEntries = 20, .maxTextBytes = 100, .maxDepth = 6};
  constexpr SitemapReader::Limits kAmple{.maxEntries = 20, .maxTextBytes = 1'000};
  const Reading whole = read(text, text.size() + 1, kSmall);
  FUZZ_HOLDS(read(text, piece, kSmall) == whole);
  FUZZ_HOLDS(whole.entries.size() <= kSmall.maxEntries);
  for (const auto& [loc, lastmod] : whole.entries) {
    FUZZ_HOLDS(!loc.empty() && loc.size() <= kSmall.maxTextBytes);
    FUZZ_HOLDS(lastmod.size() <= kSmall.maxTextBytes);
    if (const auto at = ghost::parseLastmod(lastmod)) {
      const WallTime time{std::chrono::seconds(*at)};
      FUZZ_HOLDS(*at < 0 || ghost::parseLastmod(formatTime(time)) == at);
    }
  }
  if (whole.good) FUZZ_HOLDS(read(written(whole), 7, kAmple) == whole);
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::fuzz::Input input(data, size);
  const std::size_t piece = 1 + input.below(64);
  rollcall::check(input.rest(), piece);
  return 0;
}
