#include "daemon/k8s/watcher.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "daemon/k8s/account_folder.h"
#include "daemon/k8s/json.h"
#include "daemon/k8s/scripted_http.h"

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

// Sleeping takes no time but is noted.
class JumpingClock final : public Clock {
 public:
  MonoTime mono() const override { return now_; }
  WallTime wall() const override { return WallTime{}; }
  bool sleepUntil(MonoTime when, std::stop_token stop) const override {
    if (stop.stop_requested()) return false;
    rests.push_back(when - now_);
    now_ = when;
    return true;
  }
  void pass(Duration time) const { now_ += time; }

  mutable std::vector<Duration> rests;

 private:
  mutable MonoTime now_{};
};

class WatcherTest : public testing::Test, public Listener {
 protected:
  // Lives through `script`; after its last answer the watcher is stopped.
  void run(std::vector<Scripted> script) {
    std::stop_source stop;
    std::size_t at = 0;
    ScriptedHttp http([&](const HttpRequest& request, std::stop_token) {
      told.push_back(nameOf(request));
      Scripted answer = script[at++];
      clock.pass(answer.takes);
      if (at == script.size()) stop.request_stop();
      return answer;
    });
    const Cluster cluster{"https://api", "ca", account_.path() + "/token", "blog"};
    Watcher watcher(
        clock, ApiClient(clock, http, cluster, podsCollection("blog", "a=b")), [] { return 0.0; },
        *this);
    watcher.run(stop.get_token());
  }
  // "list", "list from NEXT", "watch VERSION".
  static std::string nameOf(const HttpRequest& request) {
    const auto value = [&](const std::string& key) {
      const auto begin = request.url.find("&" + key + "=");
      if (begin == std::string::npos) return std::string();
      const std::string rest = request.url.substr(begin + key.size() + 2);
      return rest.substr(0, rest.find('&'));
    };
    if (!value("watch").empty()) return "watch " + value("resourceVersion");
    return value("continue").empty() ? "list" : "list from " + value("continue");
  }

  void listBegins() override {}
  std::optional<Error> page(const nlohmann::json& items) override {
    for (const auto& item : items) told.push_back("= " + textAt(item, {"metadata", "name"}));
    return std::nullopt;
  }
  void listEnds() override { told.push_back("listed"); }
  std::optional<Error> put(const nlohmann::json& object) override {
    const std::string name = textAt(object, {"metadata", "name"});
    if (name == "bad") return Error{ErrorCode::kProtocol, "bad"};
    told.push_back("+ " + name);
    return std::nullopt;
  }
  std::optional<Error> dropped(const nlohmann::json& object) override {
    told.push_back("- " + textAt(object, {"metadata", "name"}));
    return std::nullopt;
  }
  void heard() override { ++heards; }
  void failed(const Error& error) override {
    told.push_back("failed");
    errors.push_back(error.message);
  }

  JumpingClock clock;
  std::vector<std::string> told;
  std::vector<std::string> errors;
  int heards = 0;
  const AccountFolder account_;
};

const Error kRefused{ErrorCode::kUnavailable, "connection refused"};
const Error kSilent{ErrorCode::kDeadlineExceeded, "no answer within 75 s"};

TEST_F(WatcherTest, listsAllPagesAndWatchesFromThere) {
  run({{.body = listOf({"a"}, "7", "x/y")},
       {.body = listOf({"b"}, "7")},
       {.body = eventOf("ADDED", "c", "8") + eventOf("DELETED", "a", "9"), .takes = 60s},
       {}});
  EXPECT_THAT(told, ElementsAre("list", "= a", "list from x%2Fy", "= b", "listed", "watch 7", "+ c",
                                "- a", "watch 9"));
  EXPECT_THAT(clock.rests, ElementsAre());
}

TEST_F(WatcherTest, goesOnFromABookmarkAndFromWhereTheWatchWasCut) {
  run({{.body = listOf({}, "7")},
       {.body = eventOf("BOOKMARK", "", "20"), .fails = kRefused, .takes = 60s},
       {.body = eventOf("ADDED", "a", "21") + R"({"type":"ADDED","obj)",
        .fails = kRefused,
        .takes = 60s},
       {}});
  EXPECT_THAT(told, ElementsAre("list", "listed", "watch 7", "watch 20", "+ a", "watch 21"));
  EXPECT_THAT(errors, ElementsAre());
  EXPECT_THAT(clock.rests, ElementsAre());
}

TEST_F(WatcherTest, hearsOfTheApiByListsWatchesAndBookmarks) {
  run({{.body = listOf({}, "7")}, {.body = eventOf("BOOKMARK", "", "20"), .takes = 60s}, {}});
  EXPECT_EQ(heards, 4) << "a list, a watch, its bookmark, the last watch";
}

TEST_F(WatcherTest, listsAnewWhenItsVersionIsGone) {
  const std::string gone = "{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n";
  run({{.body = listOf({}, "7")},
       {.body = gone},
       {.body = listOf({}, "30")},
       {.status = 410, .takes = 60s},
       {.body = listOf({}, "40")},
       {}});
  EXPECT_THAT(told, ElementsAre("list", "listed", "watch 7", "list", "listed", "watch 30", "list",
                                "listed", "watch 40"));
  EXPECT_THAT(errors, ElementsAre());
  EXPECT_THAT(clock.rests, ElementsAre(800ms));
}

TEST_F(WatcherTest, aStormOf410IsAnsweredSlowlyButNeverTooSlowly) {
  std::vector<Scripted> script;
  for (int i = 0; i < 20; ++i) {
    script.push_back({.body = listOf({}, "7")});
    script.push_back({.status = 410});
  }
  run(std::move(script));
  EXPECT_THAT(clock.rests, Each(AllOf(Ge(800ms), Le(2s))));
  EXPECT_EQ(clock.rests.size(), 19u);
}

TEST_F(WatcherTest, restsLongerEachTimeTheApiIsNotThere) {
  run({{.status = 0, .fails = kRefused},
       {.status = 0, .fails = kRefused},
       {.status = 503},
       {.status = 0, .fails = kRefused},
       {}});
  EXPECT_THAT(clock.rests, ElementsAre(800ms, 1600ms, 3200ms, 6400ms));
  EXPECT_EQ(errors.size(), 4u);
  EXPECT_THAT(errors[0], HasSubstr("the Kubernetes API does not answer: connection refused"));
}

TEST_F(WatcherTest, whatItKnowsIsOldOnceTheNextWatchCannotBegin) {
  run({{.body = listOf({}, "7")},
       {.fails = kRefused, .takes = 60s},
       {.status = 0, .fails = kRefused},
       {.body = listOf({}, "9")},
       {}});
  EXPECT_THAT(told, ElementsAre("list", "listed", "watch 7", "watch 7", "failed", "list", "listed",
                                "watch 9"));
}

TEST_F(WatcherTest, aSilentWatchIsFollowedByAList) {
  run({{.body = listOf({}, "7")}, {.fails = kSilent, .takes = 75s}, {}});
  EXPECT_THAT(told, ElementsAre("list", "listed", "watch 7", "list"));
  EXPECT_THAT(clock.rests, ElementsAre());
}

TEST_F(WatcherTest, aWatchThatNeverBeganIsAFailureAndFollowedByAList) {
  run({{.body = listOf({}, "7")}, {.status = 0, .fails = kSilent, .takes = 75s}, {}});
  EXPECT_THAT(told, ElementsAre("list", "listed", "watch 7", "failed", "list"));
}

TEST_F(WatcherTest, waitsAMinuteWhenItMayNot) {
  run({{.status = 403}, {.status = 403}, {}});
  EXPECT_THAT(clock.rests, ElementsAre(60s, 60s));
}

TEST_F(WatcherTest, waitsAsLongAsItIsTold) {
  run({{.status = 429, .retryAfter = "17"}, {}});
  EXPECT_THAT(clock.rests, ElementsAre(17s));
}

TEST_F(WatcherTest, readsTheTokenAgainWhenItIsRefusedAndTriesOnce) {
  run({{.status = 401},
       {.body = listOf({}, "7")},
       {.status = 401},
       {.takes = 60s},
       {.status = 401},
       {.status = 401},
       {}});
  EXPECT_THAT(told, ElementsAre("list", "list", "listed", "watch 7", "watch 7", "watch 7",
                                "watch 7", "failed", "list"));
}

TEST_F(WatcherTest, listsAnewAfterWhatItDoesNotUnderstand) {
  run({{.body = listOf({}, "7")},
       {.body = "what?\n", .takes = 60s},
       {.body = listOf({}, "8")},
       {.body = eventOf("ADDED", "bad", "9"), .takes = 60s},
       {.body = "[]"},
       {}});
  EXPECT_THAT(told, ElementsAre("list", "listed", "watch 7", "failed", "list", "listed", "watch 8",
                                "failed", "list", "failed", "list"));
  EXPECT_THAT(clock.rests, Each(Ge(800ms)));
  EXPECT_EQ(clock.rests.size(), 3u);
}

TEST_F(WatcherTest, aServerThatEndsEveryWatchAtOnceIsNotFlooded) {
  run({{.body = listOf({}, "7")}, {}, {}, {}, {}});
  EXPECT_THAT(clock.rests, ElementsAre(800ms, 1600ms, 3200ms));
}

TEST_F(WatcherTest, aListWithoutEndIsRefused) {
  std::vector<Scripted> script(20, {.body = listOf({}, "7", "more")});
  script.emplace_back();
  run(std::move(script));
  EXPECT_THAT(errors, ElementsAre(HasSubstr("does not end")));
}

}  // namespace
}  // namespace rollcall::k8s
