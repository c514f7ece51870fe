#include "checks/private/rules.h"

#include <gtest/gtest.h>

namespace rollcall::checks::privacy {
namespace {

using namespace std::chrono_literals;

Site siteAt(std::string_view url) {
  Site site;
  site.url = site.admin = *parseUrl(url);
  return site;
}

Result<HttpResponse> themeIsMissing() {
  HttpResponse response;
  response.status = 500;
  response.headers = {{"content-type", "text/html; charset=utf-8"}};
  response.body =
      "<html><body><p class=\"error-description\">The currently active theme \"x\" is missing.</p>";
  return response;
}

Result<HttpResponse> answer(int status, std::string location = "") {
  HttpResponse response;
  response.status = status;
  if (!location.empty()) response.headers = {{"location", std::move(location)}};
  return response;
}

struct Case {
  const char* name;
  Result<HttpResponse> answer;
  Shown probe;
  Shown front;
  const char* url = "https://e.org";
};

class Answers : public testing::TestWithParam<Case> {};

TEST_P(Answers, tellWhetherAPodIsPrivate) {
  const Case& row = GetParam();
  EXPECT_EQ(ofProbe(siteAt(row.url), row.answer).shown, row.probe);
  EXPECT_EQ(ofFront(siteAt(row.url), row.answer).shown, row.front);
}

const Case kRows[] = {
    {"ThePassword", answer(302, "/private/?r=%2Frollcall"), Shown::kPrivate, Shown::kPrivate},
    {"ThePasswordAbsolute", answer(302, "https://e.org/private/?r=%2F"), Shown::kPrivate,
     Shown::kPrivate},
    {"ThePasswordBelowASubDirectory", answer(302, "/blog/private/?r=%2Fx"), Shown::kPrivate,
     Shown::kPrivate, "https://e.org/blog"},
    {"APageOfThatNameElsewhere", answer(302, "/private/"), Shown::kUnclear, Shown::kUnclear,
     "https://e.org/blog"},
    {"TheTrailingSlash", answer(301, "/rollcall-private-mode/"), Shown::kPublic, Shown::kUnclear},
    {"TheTrailingSlashBelowASubDirectory", answer(301, "/blog/rollcall-private-mode/"),
     Shown::kPublic, Shown::kUnclear, "https://e.org/blog"},
    {"AnotherScheme", answer(301, "https://e.org/rollcall-private-mode"), Shown::kUnclear,
     Shown::kUnclear},
    {"TheOwnersRedirect", answer(301, "/welcome/"), Shown::kUnclear, Shown::kUnclear},
    {"ARedirectToNowhere", answer(302), Shown::kUnclear, Shown::kUnclear},
    {"APage", answer(200), Shown::kPublic, Shown::kPublic},
    {"NoFrontPage", answer(404), Shown::kPublic, Shown::kPublic},
    {"Boots", answer(503), Shown::kUnseen, Shown::kUnseen},
    {"AnError", answer(500), Shown::kUnseen, Shown::kUnseen},
    {"NoTheme", themeIsMissing(), Shown::kPublic, Shown::kUnseen},
    {"Forbidden", answer(403), Shown::kUnseen, Shown::kUnseen},
    {"Unreachable", Error{ErrorCode::kUnavailable, "refused"}, Shown::kUnseen, Shown::kUnseen},
};

INSTANTIATE_TEST_SUITE_P(Private, Answers, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(ModeOf, readsTheRowAsGhostDoes) {
  const auto mode = [](std::optional<std::string> value) {
    return modeOf({{value, "2026-01-01 10:00:00", "2026-01-01 10:00:02.500"}}).isPrivate;
  };
  EXPECT_TRUE(mode("true"));
  EXPECT_TRUE(mode("1"));
  EXPECT_FALSE(mode("false"));
  EXPECT_FALSE(mode(""));
  EXPECT_FALSE(mode(std::nullopt));
  EXPECT_FALSE(modeOf({}).isPrivate);
  EXPECT_FALSE(modeOf({{"true"}}).isPrivate);
}

TEST(Mode, settlesByTheDatabasesClock) {
  const auto left = [](const char* changed) {
    return modeOf({{"true", changed, "2026-01-01 10:00:02.500"}}).settling(5s);
  };
  EXPECT_EQ(left("2026-01-01 10:00:00"), 2500ms);
  EXPECT_LE(left("2026-01-01 09:59:57"), 0s);
  EXPECT_LE(left("2026-01-01 11:00:00"), 0s);
  EXPECT_LE(left(""), 0s);
}

}  // namespace
}  // namespace rollcall::checks::privacy
