// The documents of Ghost's APIs, and what its errors say.
#include "daemon/ghost/api.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

using fuzz::quotedJson;

void checkSite(std::string_view text) {
  const Result<ghost::SiteInfo> site = ghost::parseSiteInfo(text);
  if (!site) return FUZZ_HOLDS(fuzz::isFit(site.error()));
  const auto again = ghost::parseSiteInfo("{\"site\":{\"title\":" + quotedJson(site->title) +
                                          ",\"url\":" + quotedJson(site->url) +
                                          ",\"version\":" + quotedJson(site->version) + "}}");
  FUZZ_HOLDS(again.has_value());
  FUZZ_HOLDS(again->title == site->title && again->url == site->url);
  FUZZ_HOLDS(again->version == site->version);
}

std::string written(const ghost::DeclaredPage& page, const std::string& type) {
  std::string json = "{\"" + type + "\":[";
  for (const ghost::Declared& one : page.items)
    json += (json.ends_with('[') ? "{\"id\":" : ",{\"id\":") + quotedJson(one.id) +
            ",\"slug\":" + quotedJson(one.slug) + ",\"url\":" + quotedJson(one.url) + "}";
  return json + "],\"meta\":{\"pagination\":{\"page\":" + std::to_string(page.page) +
         ",\"pages\":" + std::to_string(page.pages) + "}}}";
}

void checkDeclared(std::string_view text, const std::string& type) {
  const Result<ghost::DeclaredPage> page = ghost::parseDeclared(text, type);
  if (!page) {
    FUZZ_HOLDS(page.error().code == ErrorCode::kProtocol);
    return FUZZ_HOLDS(fuzz::isFit(page.error()));
  }
  FUZZ_HOLDS(page->items.size() <= text.size());
  for (const ghost::Declared& one : page->items)
    FUZZ_HOLDS(!one.id.empty() && !one.slug.empty() && !one.url.empty());
  const std::string copy = written(*page, type);
  const Result<ghost::DeclaredPage> again = ghost::parseDeclared(copy, type);
  FUZZ_HOLDS(again.has_value());
  FUZZ_HOLDS(again->page == page->page && again->pages == page->pages);
  FUZZ_HOLDS(again->items.size() == page->items.size());
  for (std::size_t i = 0; i < page->items.size(); ++i) {
    FUZZ_HOLDS(again->items[i].id == page->items[i].id);
    FUZZ_HOLDS(again->items[i].slug == page->items[i].slug);
    FUZZ_HOLDS(again->items[i].url == page->items[i].url);
  }
}

void checkMessage(std::string_view body) {
  for (const char* type : {"application/json", "text/html; charset=utf-8", "text/plain", ""}) {
    const std::string message = ghost::errorMessage(type, body);
    FUZZ_HOLDS(fuzz::isShowable(message));
    FUZZ_HOLDS(message.size() <= 4 * 200 + 3);
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rollcall::fuzz::Input input(data, size);
  rollcall::checkSite(input.rest());
  for (const char* type : {"posts", "pages", "tags", "authors"})
    rollcall::checkDeclared(input.rest(), type);
  rollcall::checkMessage(input.rest());
  return 0;
}
