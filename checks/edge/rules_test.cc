#include "checks/edge/rules.h"

#include <gmock/gmock.h>

namespace rollcall::checks::edge {
namespace {
using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::hours(500'000)};
constexpr Limits kLimits{.settle = 5s, .allowedAge = 10min};

Sight served(std::optional<WallTime> stamp = std::nullopt) {
  return {.shown = Shown::kServed, .status = 200, .kept = true, .stamp = stamp};
}
Sight absent(int status = 404, bool kept = false) {
  return {.shown = Shown::kAbsent, .status = status, .kept = kept};
}
Sight listing(std::vector<std::string> paths) {
  return {.shown = Shown::kServed, .status = 200, .listed = std::move(paths)};
}
const Sight kUnseen{.why = "no answer"};
const WallTime kOld = kNow - 2h, kFresh = kNow - 1h;

Page post(Duration age = 1h, bool isPublic = true) {
  return {.path = "/a/",
          .isPublic = isPublic,
          .changed = kNow - std::chrono::duration_cast<std::chrono::milliseconds>(age)};
}
Page hidden(Duration age = 1h) {
  return post(age, false);
}

TEST(EdgeRules, judgeAPage) {
  const struct {
    const char* what;
    Page page;
    std::vector<Sight> pods, tries;
    Verdict verdict;
  } kRows[] = {
      {"all serve", post(), {served(), served()}, {served(), served()}, Verdict::kFine},
      {"an error, twice", post(), {served(), served()}, {absent(), absent()}, Verdict::kPoisoned},
      {"a redirect kept", post(), {served()}, {absent(301), absent(301)}, Verdict::kPoisoned},
      {"an error, once", post(), {served()}, {absent()}, Verdict::kUnripe},
      {"an error, settling", post(2s), {served()}, {absent(), absent()}, Verdict::kUnripe},
      {"a pod fails, too", post(), {served(), absent()}, {absent(), absent()}, Verdict::kPodsWrong},
      {"no pod serves it", post(), {absent(), absent()}, {absent(), absent()}, Verdict::kPodsWrong},
      {"a pod was not seen", post(), {served(), kUnseen}, {absent(), absent()}, Verdict::kGap},
      {"the edge was not seen", post(), {served()}, {kUnseen, absent()}, Verdict::kGap},
      {"the edge was not asked", post(), {served()}, {}, Verdict::kGap},
      {"both answers", post(), {served(), served()}, {served(), absent()}, Verdict::kSplit},
      {"both, a stale pod", post(), {served(), absent()}, {served(), absent()}, Verdict::kSplit},
      {"a pod fails, kept well", post(), {served(), absent()}, {served()}, Verdict::kFine},
      {"older",
       post(),
       {served(kFresh), served(kFresh)},
       {served(kOld), served(kOld)},
       Verdict::kStale},
      {"older, once", post(), {served(kFresh)}, {served(kOld)}, Verdict::kUnripe},
      {"older than one pod",
       post(),
       {served(kFresh), served(kOld)},
       {served(kOld), served(kOld)},
       Verdict::kFine},
      {"older, within the age",
       post(5min),
       {served(kNow - 5min)},
       {served(kOld), served(kOld)},
       Verdict::kFine},
      {"newer than the pods",
       post(),
       {served(kOld)},
       {served(kFresh), served(kFresh)},
       Verdict::kFine},
      {"dates beyond what nanoseconds can count",
       post(),
       {served(WallTime(std::chrono::seconds(253'402'300'799)))},
       {served(kOld), served(kOld)},
       Verdict::kFine},
      {"without dates", post(), {served()}, {served(kOld), served(kOld)}, Verdict::kFine},
      {"a list lacks a post",
       {.kind = Kind::kFront},
       {listing({"/a/", "/b/"}), listing({"/a/"})},
       {listing({"/b/"}), listing({"/b/"})},
       Verdict::kStale},
      {"a list in another writing",
       {.kind = Kind::kFront},
       {listing({"/a/"}), listing({"/a/"})},
       {listing({}), listing({})},
       Verdict::kFine},
      {"pods do not agree on it",
       {.kind = Kind::kFront},
       {listing({"/a/"}), listing({})},
       {listing({}), listing({})},
       Verdict::kFine},
      {"taken back", hidden(), {absent(), absent()}, {absent(), absent()}, Verdict::kFine},
      {"taken back and kept",
       hidden(),
       {absent(), absent()},
       {served(), served()},
       Verdict::kZombie},
      {"taken back just now", hidden(5min), {absent()}, {served(), served()}, Verdict::kUnripe},
      {"a pod serves it, too",
       hidden(),
       {absent(), served()},
       {served(), served()},
       Verdict::kPodsWrong},
      {"wrong, then right", post(), {served()}, {absent(), served()}, Verdict::kMended},
      {"wrong, right, wrong", post(), {served()}, {absent(), served(), absent()}, Verdict::kSplit},
      {"right for good",
       post(),
       {served()},
       {absent(), served(), served(), served()},
       Verdict::kFine},
      {"taken back, renewed", hidden(), {absent()}, {served(), absent()}, Verdict::kMended},
      {"taken back, both", hidden(), {absent()}, {absent(), served()}, Verdict::kSplit},
      {"taken back lately, both", hidden(5min), {absent()}, {absent(), served()}, Verdict::kUnripe},
      {"the newest was deleted, and a list fills up",
       {.kind = Kind::kFront},
       {listing({"/b/", "/c/"}), listing({"/b/", "/c/"})},
       {listing({"/b/"}), listing({"/b/"})},
       Verdict::kFine},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(judge(row.page, row.pods, row.tries, kNow, kLimits), row.verdict) << row.what;
}

TEST(EdgeRules, theEdgeIsNotAskedWhereItCouldKeepAWrongAnswer) {
  const struct {
    const char* what;
    Page page;
    std::vector<Sight> pods;
    Leave leave;
  } kRows[] = {
      {"all serve", post(), {served(), served()}, Leave::kAsk},
      {"a 404 that is not kept", post(), {served(), absent(404)}, Leave::kAsk},
      {"a redirect for a year", post(), {served(), absent(301, true)}, Leave::kPodWouldPoison},
      {"no pod serves it", post(), {absent(404), absent(302)}, Leave::kNoPodServes},
      {"a pod unseen", post(), {served(), kUnseen}, Leave::kPodUnseen},
      {"no pods", post(), {}, Leave::kPodUnseen},
      {"too young", post(1s), {served()}, Leave::kSettling},
      {"taken back", hidden(), {absent(404)}, Leave::kAsk},
      {"taken back, a redirect kept", hidden(), {absent(301, true)}, Leave::kPodWouldPoison},
      {"taken back, a pod leaks", hidden(), {absent(404), served()}, Leave::kPodWouldPoison},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(mayAsk(row.page, row.pods, kNow, kLimits), row.leave) << row.what;
}

TEST(EdgeRules, judgeACertificate) {
  const Certificate good{.notBefore = kNow - 24h, .notAfter = kNow + 60 * 24h};
  EXPECT_EQ(judgeCertificate(good, true, kNow, 14 * 24h), Trust::kGood);
  EXPECT_EQ(judgeCertificate(good, false, kNow, 14 * 24h), Trust::kOtherHost);
  EXPECT_EQ(judgeCertificate(good, true, kNow + 50 * 24h, 14 * 24h), Trust::kExpiring);
  EXPECT_EQ(judgeCertificate(good, true, kNow + 61 * 24h, 14 * 24h), Trust::kNotNow);
  EXPECT_EQ(judgeCertificate(good, true, kNow - 25h, 14 * 24h), Trust::kNotNow);
  // As RFC 5280 writes "no end": beyond what nanoseconds can count.
  const Certificate endless{.notBefore = kNow - 24h,
                            .notAfter = WallTime(std::chrono::seconds(253'402'300'799))};
  EXPECT_EQ(judgeCertificate(endless, true, kNow, 14 * 24h), Trust::kGood);
}

HttpResponse answer(int status, std::vector<std::pair<std::string, std::string>> headers,
                    std::string body = "") {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST(EdgeRules, judgePlainHttp) {
  EXPECT_EQ(judgePlainHttp(answer(301, {{"location", "https://e.org/"}})), PlainHttp::kRedirects);
  EXPECT_EQ(judgePlainHttp(answer(200, {})), PlainHttp::kShows);
  EXPECT_EQ(judgePlainHttp(answer(302, {{"location", "http://e.org/x"}})), PlainHttp::kUnclear);
  EXPECT_EQ(judgePlainHttp(answer(403, {})), PlainHttp::kUnclear);
  EXPECT_EQ(judgePlainHttp(Error{ErrorCode::kUnavailable, "refused"}), PlainHttp::kUnclear);
}

TEST(EdgeRules, judgeHowAPageIsKept) {
  const std::string page(5000, 'x');
  const struct {
    const char* what;
    HttpResponse answer;
    bool notKept, notPacked, cookie;
  } kRows[] = {
      {"kept and packed",
       answer(200,
              {{"cache-control", "public, max-age=300"},
               {"x-varnish", "1"},
               {"age", "0"},
               {"content-encoding", "gzip"}},
              page),
       false, false, false},
      {"no lifetime", answer(200, {{"cache-control", "public, max-age=0"}, {"x-varnish", "1"}}),
       true, false, false},
      {"no lifetime, but a hit",
       answer(200, {{"cache-control", "public, max-age=0"}, {"cf-cache-status", "HIT"}}), false,
       false, false},
      {"no lifetime, and no CDN", answer(200, {{"cache-control", "public, max-age=0"}}), false,
       false, false},
      {"a lifetime for the CDN alone",
       answer(200, {{"cache-control", "max-age=0, s-maxage=60"}, {"x-varnish", "1"}}), false, false,
       false},
      {"not packed", answer(200, {}, page), false, true, false},
      {"short", answer(200, {}, "x"), false, false, false},
      {"a cookie that is kept",
       answer(200, {{"cache-control", "public, max-age=60"}, {"set-cookie", "id=1"}}), false, false,
       true},
      {"a cookie from a cache", answer(200, {{"x-cache", "HIT"}, {"set-cookie", "id=1"}}), false,
       false, true},
      {"a cookie on a page of one's own",
       answer(200, {{"cache-control", "private"}, {"set-cookie", "id=1"}}), false, false, false},
      {"the CDN's own cookie",
       answer(200, {{"cache-control", "public, max-age=60"}, {"set-cookie", "__cf_bm=1"}}), false,
       false, false},
      {"another CDN's own cookie",
       answer(200, {{"cache-control", "public, max-age=60"}, {"set-cookie", "ak_bmsc=1"}}), false,
       false, false},
      {"an error", answer(404, {{"cache-control", "no-store"}, {"x-varnish", "1"}}, page), false,
       false, false},
  };
  for (const auto& row : kRows) {
    const Upkeep upkeep = judgeUpkeep(row.answer);
    EXPECT_EQ(!upkeep.notKept.empty(), row.notKept) << row.what;
    EXPECT_EQ(!upkeep.notPacked.empty(), row.notPacked) << row.what;
    EXPECT_EQ(!upkeep.cookie.empty(), row.cookie) << row.what;
  }
}

}  // namespace
}  // namespace rollcall::checks::edge
