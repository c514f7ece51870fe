#include "checks/edge/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/core/letter_case.h"

namespace rollcall::checks::edge {
namespace {

constexpr std::size_t kWorthPacking = 4096;  // bytes, below which nobody need compress
// Of the CDN itself, which takes them out again; they do not keep it from keeping the page.
constexpr std::string_view kOwnCookies[] = {"__cf_bm",      "__cflb",     "__cfruid",
                                            "cf_clearance",
                                            "_cfuvid",                               // Cloudflare
                                            "ak_bmsc",      "bm_",        "_abck",   // Akamai
                                            "visid_incap_", "incap_ses_", "nlbi_"};  // Imperva

bool all(const std::vector<Sight>& sights, Shown shown) {
  return !sights.empty() &&
         std::ranges::all_of(sights, [&](const Sight& one) { return one.shown == shown; });
}
bool some(const std::vector<Sight>& sights, Shown shown) {
  return std::ranges::any_of(sights, [&](const Sight& one) { return one.shown == shown; });
}

bool settled(const Page& page, WallTime now, std::chrono::milliseconds wait) {
  return !page.changed || elapsed(*page.changed, now) > wait;
}

// The content of every try is older than that of every pod, since longer than allowed.
bool isOlder(const std::vector<Sight>& pods, const std::vector<Sight>& tries, WallTime now,
             std::chrono::milliseconds allowed) {
  std::optional<WallTime> oldestPod, newestTry;
  for (const Sight& pod : pods) {
    if (!pod.stamp) return false;
    oldestPod = std::min(oldestPod.value_or(*pod.stamp), *pod.stamp);
  }
  for (const Sight& one : tries) {
    if (!one.stamp) return false;
    newestTry = std::max(newestTry.value_or(*one.stamp), *one.stamp);
  }
  return oldestPod && newestTry && *newestTry < *oldestPod && elapsed(*oldestPod, now) > allowed;
}

// Of what every pod lists the newest is on no try: one further down may have moved up when another
// was deleted. A try that lists nothing may be written otherwise: some CDNs rewrite links.
bool lacksNewest(const std::vector<Sight>& pods, const std::vector<Sight>& tries) {
  if (std::ranges::any_of(tries, [](const Sight& one) { return one.listed.empty(); })) return false;
  const auto lists = [](const std::string& path) {
    return
        [&](const Sight& one) { return std::ranges::find(one.listed, path) != one.listed.end(); };
  };
  const auto newest = std::ranges::find_if(pods.front().listed, [&](const std::string& path) {
    return std::ranges::all_of(pods, lists(path));
  });
  return newest != pods.front().listed.end() && std::ranges::none_of(tries, lists(*newest));
}

// Some tries were right and some wrong. Only wrong after right is a split: a cache may hand out an
// old copy once more while it fetches the new one (stale-while-revalidate).
Verdict judgeMixed(const std::vector<Sight>& tries, Shown right) {
  const auto is = [&](const Sight& one) { return one.shown == right; };
  const auto first = std::ranges::find_if(tries, is);
  if (!std::all_of(first, tries.end(), is)) return Verdict::kSplit;
  return tries.size() < kMaxTries ? Verdict::kMended : Verdict::kFine;
}

Verdict judgePublic(const Page& page, const std::vector<Sight>& pods,
                    const std::vector<Sight>& tries, WallTime now, const Limits& limits) {
  const bool podsServe = all(pods, Shown::kServed);
  if (some(tries, Shown::kServed) && some(tries, Shown::kAbsent))
    return judgeMixed(tries, Shown::kServed);
  if (all(tries, Shown::kAbsent)) {
    if (!podsServe) return Verdict::kPodsWrong;
    return settled(page, now, limits.settle) && tries.size() > 1 ? Verdict::kPoisoned
                                                                 : Verdict::kUnripe;
  }
  if (!podsServe) return Verdict::kFine;
  const bool older = isOlder(pods, tries, now, limits.allowedAge) || lacksNewest(pods, tries);
  if (!older) return Verdict::kFine;
  return settled(page, now, limits.allowedAge) && tries.size() > 1 ? Verdict::kStale
                                                                   : Verdict::kUnripe;
}

Verdict judgeHidden(const Page& page, const std::vector<Sight>& pods,
                    const std::vector<Sight>& tries, WallTime now, const Limits& limits) {
  if (all(tries, Shown::kAbsent)) return Verdict::kFine;
  if (!all(pods, Shown::kAbsent)) return Verdict::kPodsWrong;
  if (!settled(page, now, limits.allowedAge)) return Verdict::kUnripe;
  if (!all(tries, Shown::kServed)) return judgeMixed(tries, Shown::kAbsent);
  return tries.size() > 1 ? Verdict::kZombie : Verdict::kUnripe;
}

bool isOwnCookie(std::string_view cookie) {
  return std::ranges::any_of(kOwnCookies,
                             [&](std::string_view own) { return cookie.starts_with(own); });
}

}  // namespace

Leave mayAsk(const Page& page, const std::vector<Sight>& pods, WallTime now, const Limits& limits) {
  if (!settled(page, now, limits.settle)) return Leave::kSettling;
  if (pods.empty() || some(pods, Shown::kUnseen)) return Leave::kPodUnseen;
  if (page.isPublic && !some(pods, Shown::kServed)) return Leave::kNoPodServes;
  const bool harm = std::ranges::any_of(pods, [&](const Sight& one) {
    return one.kept && (one.shown == Shown::kAbsent || !page.isPublic);
  });
  return harm ? Leave::kPodWouldPoison : Leave::kAsk;
}

bool isClaim(Verdict verdict) {
  return verdict == Verdict::kPoisoned || verdict == Verdict::kStale ||
         verdict == Verdict::kZombie || verdict == Verdict::kSplit;
}

Verdict judge(const Page& page, const std::vector<Sight>& pods, const std::vector<Sight>& tries,
              WallTime now, const Limits& limits) {
  if (tries.empty() || pods.empty() || some(tries, Shown::kUnseen) || some(pods, Shown::kUnseen))
    return Verdict::kGap;
  return page.isPublic ? judgePublic(page, pods, tries, now, limits)
                       : judgeHidden(page, pods, tries, now, limits);
}

Trust judgeCertificate(const Certificate& certificate, bool isForHost, WallTime now,
                       Duration warnBefore) {
  if (!isForHost) return Trust::kOtherHost;
  if (now < certificate.notBefore || now >= certificate.notAfter) return Trust::kNotNow;
  // As in Limits.
  const auto warn = std::chrono::duration_cast<std::chrono::milliseconds>(warnBefore);
  return elapsed(now, certificate.notAfter) < warn ? Trust::kExpiring : Trust::kGood;
}

PlainHttp judgePlainHttp(const Result<HttpResponse>& answer) {
  if (!answer) return PlainHttp::kUnclear;
  if (answer->status / 100 == 3)
    return lowerCase(answer->header("location")).starts_with("https://") ? PlainHttp::kRedirects
                                                                         : PlainHttp::kUnclear;
  return answer->status / 100 == 2 && !refusalOf(*answer) ? PlainHttp::kShows : PlainHttp::kUnclear;
}

Upkeep judgeUpkeep(const HttpResponse& answer) {
  Upkeep upkeep;
  if (answer.status != 200) return upkeep;
  const std::string_view control = answer.header("cache-control");
  const bool hit = isHit(answer);
  if (cdnOf(answer) != Cdn::kNone && !hit && !mayBeKept(control) &&
      answer.header("surrogate-control").empty() && answer.header("cdn-cache-control").empty())
    upkeep.notKept = fmt::format("it came with \"Cache-Control: {}\"", control.substr(0, 100));
  if (answer.body.size() >= kWorthPacking && answer.header("content-encoding").empty())
    upkeep.notPacked = "it came uncompressed though gzip was asked for";
  for (const auto& [key, value] : answer.headers) {
    if (key != "set-cookie" || isOwnCookie(value) || !upkeep.cookie.empty()) continue;
    const std::string cookie = value.substr(0, std::min<std::size_t>(value.find('='), 60));
    if (hit || (!control.empty() && mayBeKept(control)))
      upkeep.cookie = fmt::format("it sets the cookie {} {}", cookie,
                                  hit ? "and came from a cache" : "and may be kept by caches");
  }
  return upkeep;
}

}  // namespace rollcall::checks::edge
