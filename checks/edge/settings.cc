#include "checks/edge/settings.h"

#include <algorithm>
#include <iterator>

namespace rollcall::checks::edge {
namespace {
using namespace std::chrono_literals;

std::optional<std::string> urlProblem(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto url = parseUrl(text);
  if (!url) return url.error().message;
  return std::nullopt;
}

template <std::size_t N>
std::optional<std::string> noneOf(const std::string& text, const char* const (&choices)[N],
                                  const char* sentence) {
  if (std::ranges::find(choices, text) != std::end(choices)) return std::nullopt;
  return sentence;
}

std::optional<std::string> modeProblem(const std::string& text) {
  return noneOf(text, {"off", "dry", "now"}, "must be off, dry or now");
}

std::optional<std::string> howProblem(const std::string& text) {
  return noneOf(text, {"auto", "varnish", "ban", "nginx", "fastly", "cloudflare"},
                "must be auto, varnish, ban, nginx, fastly or cloudflare");
}

std::optional<std::string> zoneProblem(const std::string& text) {
  const bool fits = text.size() <= 64 &&
                    std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
  if (fits) return std::nullopt;
  return "must be the zone's id: letters and digits";
}

}  // namespace

const std::vector<ParamDef>& paramDefs() {
  static const std::vector<ParamDef> table = {
      {"url",
       std::string(),
       "where readers come to, as they type it; empty: the edge is not looked at",
       {},
       {},
       urlProblem},
      {"ca", std::string(),
       "authority (PEM) of the edge's certificate, an absolute path; empty: the system's"},
      {"requests", std::int64_t{20}, "requests to the edge, a run at most", std::int64_t{4},
       std::int64_t{200}},
      {"rest", Duration(1s), "from one request to the edge to the next", Duration(50ms),
       Duration(60s)},
      {"newest", std::int64_t{3}, "newest posts and pages that are asked for", std::int64_t{0},
       std::int64_t{50}},
      {"changed", std::int64_t{3}, "posts and pages of the last day's changes", std::int64_t{0},
       std::int64_t{50}},
      {"unpublished", std::int64_t{3}, "of those taken back or deleted in the last day",
       std::int64_t{0}, std::int64_t{50}},
      {"allowed_age", Duration(10min),
       "how old a copy at the edge may be: the lifetime you gave it", Duration(0s),
       Duration(24h * 7)},
      {"certificate_days", std::int64_t{14},
       "days before a certificate's end from when on it is told", std::int64_t{1},
       std::int64_t{90}},
      {"purge",
       std::string("off"),
       "what is done about a proven poisoned address: off, dry (tells what it would do) or now",
       {},
       {},
       modeProblem},
      {"purge_how",
       std::string("auto"),
       "the cache: auto (by its answers), varnish, ban, nginx, fastly or cloudflare",
       {},
       {},
       howProblem},
      {"purge_url",
       std::string(),
       "who is asked to purge: the cache's own address or the CDN's API; empty: the usual one",
       {},
       {},
       urlProblem},
      {"purge_zone", std::string(), "the id of the zone at Cloudflare", {}, {}, zoneProblem},
  };
  return table;
}

Settings::Settings(const Params& params)
    : caFile(params.text("ca")),
      requests(params.count("requests")),
      rest(params.duration("rest")),
      allowedAge(
          std::chrono::duration_cast<std::chrono::milliseconds>(params.duration("allowed_age"))),
      certificateWarning(24h * params.count("certificate_days")) {
  if (auto parsed = parseUrl(params.text("url"))) url = std::move(*parsed);
  wish.newest = params.count("newest");
  wish.changed = params.count("changed");
  wish.hidden = params.count("unpublished");
  const std::string& mode = params.text("purge");
  purge.mode = mode == "now" ? PurgeMode::kNow : mode == "dry" ? PurgeMode::kDry : PurgeMode::kOff;
  purge.how = params.text("purge_how");
  purge.url = params.text("purge_url");
  purge.zone = params.text("purge_zone");
}

}  // namespace rollcall::checks::edge
