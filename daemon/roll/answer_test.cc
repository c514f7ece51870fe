#include "daemon/roll/answer.h"

#include <gtest/gtest.h>

namespace rollcall::roll {
namespace {

Site siteAt(const char* url) {
  Site site;
  site.url = *parseUrl(url);
  site.admin = site.url;
  return site;
}

HttpResponse response(int status, std::vector<std::pair<std::string, std::string>> headers = {},
                      std::string body = "") {
  HttpResponse made;
  made.status = status;
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}

TEST(Classify, followsTheTable) {
  struct Row {
    bool isPublic;
    int status;
    const char* location;
    State expected;
  };
  const Row rows[] = {
      {true, 200, "", State::kOk},
      {true, 404, "", State::kMissing},
      {true, 410, "", State::kMissing},
      {true, 301, "/404/", State::kMoved},
      {true, 301, "https://example.org/old/", State::kMoved},
      {true, 302, "/private/?r=%2Fa%2F", State::kUnknown},
      {true, 301, "https://example.org/a/", State::kUnknown},
      {true, 500, "", State::kError},
      {true, 400, "", State::kError},
      {true, 503, "", State::kUnknown},
      {true, 429, "", State::kUnknown},
      {false, 404, "", State::kOk},
      {false, 301, "/404/", State::kOk},
      {false, 302, "/private/", State::kUnknown},
      {false, 500, "", State::kUnknown},
      {false, 503, "", State::kUnknown},
  };
  for (const Row& row : rows) {
    const Answer answer = classify({row.isPublic, "/a/"}, siteAt("https://example.org"),
                                   response(row.status, {{"location", row.location}}));
    EXPECT_EQ(answer.state, row.expected) << row.isPublic << " " << row.status << row.location;
  }
}

TEST(Classify, noAnswerSaysNothingAboutTheResource) {
  const Site site = siteAt("http://e.org");
  const Question question{true, "/a/"};
  EXPECT_EQ(classify(question, site, Error{ErrorCode::kUnavailable, "refused"}).state,
            State::kUnknown);
  EXPECT_EQ(classify(question, site, Error{ErrorCode::kProtocol, "nonsense"}).state,
            State::kUnknown);
  EXPECT_EQ(classify(question, site, Error{ErrorCode::kDeadlineExceeded, "hung"}).state,
            State::kTimeout);
}

TEST(Classify, knowsTheRedirectThatIsKeptForAYear) {
  const auto answer = classify(
      {true, "/a/"}, siteAt("http://e.org"),
      response(301, {{"location", "/404/"}, {"cache-control", "public, max-age=31536000"}}));
  EXPECT_TRUE(answer.yearLong);
  EXPECT_EQ(answer.location, "/404/");
}

TEST(Classify, looksBelowTheSubdirectory) {
  const Site site = siteAt("https://e.org/blog");
  EXPECT_EQ(classify({true, "/a/"}, site, response(302, {{"location", "/blog/private/"}})).state,
            State::kUnknown);
  EXPECT_EQ(classify({true, "/a/"}, site, response(301, {{"location", "/a/"}})).state,
            State::kMoved);
}

TEST(Classify, aHiddenPageIsServedOnlyWhenItSaysItIsThatPage) {
  const Site site = siteAt("http://e.org");
  const std::string own = R"(<link rel="canonical" href="http://e.org/draft/">)";
  const std::string other = R"(<link rel="canonical" href="http://e.org/">)";
  EXPECT_EQ(classify({false, "/draft/"}, site, response(200, {}, own)).state, State::kServed);
  EXPECT_EQ(classify({false, "/draft/"}, site, response(200, {}, other)).state, State::kOk);
  EXPECT_EQ(classify({false, "/draft/"}, site, response(200, {}, "")).state, State::kOk);
}

}  // namespace
}  // namespace rollcall::roll
