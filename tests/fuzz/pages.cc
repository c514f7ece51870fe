// Pages that pods render, the templates that make them, and text on the way to people.
#include <algorithm>

#include "checks/images/links.h"
#include "checks/images/reference.h"
#include "checks/theme/template_text.h"
#include "checks/theme/traits.h"
#include "daemon/core/cut_text.h"
#include "daemon/core/shell_word.h"
#include "daemon/ghost/entities.h"
#include "daemon/ghost/error_message.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

void checkText(std::string_view text) {
  const std::string shown = visible(text);
  FUZZ_HOLDS(visible(shown) == shown && shown.size() <= 3 * text.size());
  FUZZ_HOLDS(visible(visibleLines(text)) == shown);
  for (const std::size_t most : {0u, 1u, 7u, 100u}) {
    const std::string_view cut = cutText(shown, most);
    FUZZ_HOLDS(cut.size() <= most && fuzz::isShowable(cut));
  }
  const std::string word = shellWord(text);
  FUZZ_HOLDS(!word.empty());
  const std::string line = ghost::oneLine(text);
  FUZZ_HOLDS(fuzz::isShowable(line) && line.size() <= 4 * 200 + 3);
  FUZZ_HOLDS(fuzz::isShowable(ghost::htmlMessage(text)));
  FUZZ_HOLDS(ghost::decodeEntities(text).size() <= text.size());
  if (const auto all = ghost::decodeEveryEntity(text))
    FUZZ_HOLDS(*all == ghost::decodeEntities(text));
}

void checkLinks(std::string_view html) {
  using namespace checks::images;
  Site site;
  site.url = {"https", "example.org", 443, "/blog"};
  site.admin = site.url;
  const std::vector<std::string> links = linksIn(html);
  FUZZ_HOLDS(links.size() <= kMaxLinks);
  for (const std::string& link : links) {
    FUZZ_HOLDS(link.size() <= kMaxAddress);
    const Located located = locate(link, site);
    FUZZ_HOLDS((located.place == Place::kVolume) == !located.path.empty());
    if (located.place != Place::kVolume) continue;
    // It stays below the content folder.
    FUZZ_HOLDS(!located.path.starts_with('/'));
    FUZZ_HOLDS(("/" + located.path + "/").find("/../") == std::string::npos);
    FUZZ_HOLDS(located.path.find('\0') == std::string::npos);
    for (const char c : requestPath(located.path)) FUZZ_HOLDS(c > 0x20 && c < 0x7f);
  }
}

void checkTemplate(std::string_view text) {
  using namespace checks::theme;
  const Traits traits = traitsOf(text, "/blog");
  FUZZ_HOLDS(traits.all.size() <= text.size());
  FUZZ_HOLDS(traits.links.size() <= text.size() && traits.assets.size() <= text.size());
  // A partial that includes itself must come to an end.
  const Partials partials = [&](std::string_view name) -> std::optional<std::string> {
    if (name.size() > 3) return std::nullopt;
    return std::string(text.substr(0, 200));
  };
  const auto certain = certainText(text, "post", partials);
  if (certain) FUZZ_HOLDS(certain->size() <= (8u << 20));
  if (certain) (void)traitsOf(*certain, "");
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rollcall::fuzz::Input input(data, size);
  rollcall::checkText(input.rest());
  rollcall::checkLinks(input.rest());
  rollcall::checkTemplate(input.rest());
  return 0;
}
