// Moments and versions as databases, pods and the Kubernetes API write them.
#include "daemon/core/clock.h"
#include "daemon/db/date_time.h"
#include "daemon/ghost/sitemap.h"
#include "daemon/ghost/version.h"
#include "daemon/k8s/json.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

constexpr WallTime kYear10000{std::chrono::seconds(253'402'300'800)};

// "2026-01-31T23:30:00.000Z" as MySQL has it.
std::string asDatabase(WallTime time) {
  std::string text = formatTime(time);
  text.pop_back();
  text[10] = ' ';
  return text;
}

void check(std::string_view text) {
  if (const auto time = parseDateTime(text)) {
    FUZZ_HOLDS(*time < kYear10000);
    FUZZ_HOLDS(parseDateTime(asDatabase(*time)) == time);
  }
  if (const auto time = k8s::readTime(text)) {
    FUZZ_HOLDS(*time <= kYear10000 + std::chrono::seconds(1));
    if (*time < kYear10000) FUZZ_HOLDS(k8s::readTime(formatTime(*time)) == time);
    if (*time < kYear10000) FUZZ_HOLDS(k8s::readTime(k8s::microTime(*time)) == time);
  }
  if (const auto seconds = ghost::parseLastmod(text)) {
    const WallTime time{std::chrono::seconds(*seconds)};
    FUZZ_HOLDS(time < kYear10000 + std::chrono::hours(48));
    // A zone may lead out of the years that four digits can tell.
    constexpr WallTime kYear0{std::chrono::seconds(-62'167'219'200)};
    if (time >= kYear0 && time < kYear10000)
      FUZZ_HOLDS(ghost::parseLastmod(formatTime(time)) == seconds);
  }
  if (const auto version = ghost::parseVersion(text)) {
    FUZZ_HOLDS(version->major >= 0 && version->minor >= 0);
    FUZZ_HOLDS(ghost::parseVersion(version->text()) == version);
    FUZZ_HOLDS(ghost::contentApiPath(version).starts_with("/ghost/api/"));
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::fuzz::Input input(data, size);
  while (!input.rest().empty()) rollcall::check(input.until('\n'));
  return 0;
}
