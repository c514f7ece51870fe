#include "checks/images/sight.h"

#include <charconv>
#include <string_view>

#include "daemon/api/pod_api.h"

namespace rollcall::checks::images {
namespace {

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  if (text.empty() || error != std::errc() || end != last) return std::nullopt;
  return value;
}

// "bytes 0-0/5000", "bytes */0"
std::optional<std::uint64_t> wholeSize(std::string_view contentRange) {
  const std::size_t slash = contentRange.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return number(contentRange.substr(slash + 1), 10);
}

// W/"1388-1a2161ecd9f": the size, and milliseconds since the epoch.
void readEtag(Sight& sight) {
  constexpr std::uint64_t kLatest = 1ull << 45;  // the year 3084
  std::string_view text = sight.etag;
  if (!text.starts_with("W/\"") || !text.ends_with('"') || text.size() < 5) return;
  text = text.substr(3, text.size() - 4);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return;
  const auto size = number(text.substr(0, dash), 16);
  const auto changed = number(text.substr(dash + 1), 16);
  if (!size || !changed || *changed > kLatest || (sight.size && sight.size != size)) return;
  sight.size = size;
  sight.changed = WallTime(std::chrono::milliseconds(*changed));
}

}  // namespace

Sight sightOf(const Result<HttpResponse>& answer) {
  if (!answer) return {.got = Got::kUnknown, .etag = {}, .why = answer.error()};
  const int status = answer->status;
  Sight sight{.got = Got::kServed, .status = status, .etag = {}};
  sight.etag = answer->header("etag");
  if (status == 206 || status == 416)
    sight.size = wholeSize(answer->header("content-range"));
  else if (answer->header("content-encoding").empty())
    sight.size = number(answer->header("content-length"), 10);
  const bool emptyFile = status == 416 && sight.size == 0u;  // it has no first byte
  if (status == 200 || status == 206 || emptyFile) {
    readEtag(sight);
    return sight;
  }
  sight = {.status = status, .etag = {}};
  if (status == 404)
    sight.got = Got::kMissing;
  else if (status == 403 || (status >= 500 && status != 503))
    sight.got = Got::kFailing;
  else if (status == 400 || (status >= 300 && status < 400))
    sight.got = Got::kUnclear;
  else
    sight.why = *api::troubleOf(answer);
  return sight;
}

}  // namespace rollcall::checks::images
