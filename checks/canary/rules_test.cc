#include "checks/canary/rules.h"

#include <gmock/gmock.h>

namespace rollcall::checks::canary {
namespace {

using namespace std::chrono_literals;

const Texts kTexts = textsFor("rollcall-canary-1-2-3.txt");

HttpResponse answer(int status, std::string body = "", std::string type = "text/plain") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = {{"content-type", std::move(type)}};
  return response;
}

TEST(CanaryTexts, DifferInLengthAndNeitherBeginsAsTheOther) {
  EXPECT_NE(kTexts.first.size(), kTexts.second.size());
  EXPECT_NE(kTexts.first.front(), kTexts.second.front());
  EXPECT_NE(kTexts.first, textsFor("rollcall-canary-1-2-4.txt").first);
}

TEST(CanaryRules, TellWhatAnAnswerSaysOfTheFile) {
  struct Row {
    Stage stage;
    HttpResponse answer;
    Seen seen;
  };
  const std::string cut = kTexts.second.substr(0, kTexts.first.size());
  for (const Row& row : std::vector<Row>{
           {Stage::kCreated, answer(200, kTexts.first), Seen::kRight},
           {Stage::kCreated, answer(404, "Image not found"), Seen::kMissing},
           {Stage::kCreated, answer(410), Seen::kMissing},
           {Stage::kCreated, answer(200, ""), Seen::kWrong},
           {Stage::kCreated, answer(200, std::string(kTexts.first.size(), '\0')), Seen::kWrong},
           {Stage::kCreated, answer(200, "<html>", "text/html; charset=utf-8"), Seen::kUnseen},
           {Stage::kCreated, answer(500, "The server has encountered an error."), Seen::kFailing},
           {Stage::kCreated, answer(403), Seen::kRefused},
           {Stage::kCreated, answer(401), Seen::kRefused},
           {Stage::kCreated, answer(301), Seen::kElsewhere},
           {Stage::kCreated, answer(302), Seen::kElsewhere},
           {Stage::kCreated, answer(304), Seen::kUnseen},
           {Stage::kCreated, answer(502), Seen::kUnseen},
           {Stage::kCreated, answer(503), Seen::kUnseen},
           {Stage::kOverwritten, answer(200, kTexts.second), Seen::kRight},
           {Stage::kOverwritten, answer(200, kTexts.first), Seen::kOld},
           {Stage::kOverwritten, answer(200, cut), Seen::kOld},
           {Stage::kOverwritten, answer(200, ""), Seen::kOld},
           {Stage::kOverwritten, answer(200, kTexts.second + "x"), Seen::kWrong},
           {Stage::kOverwritten, answer(404), Seen::kMissing},
           {Stage::kRemoved, answer(404), Seen::kRight},
           {Stage::kRemoved, answer(200, kTexts.second), Seen::kOld},
           {Stage::kRemoved, answer(200, kTexts.first), Seen::kOld},
           {Stage::kRemoved, answer(500), Seen::kOld},
           {Stage::kRemoved, answer(200, "x"), Seen::kWrong},
           {Stage::kRemoved, answer(200, "<html>", "text/html"), Seen::kUnseen},
           {Stage::kRemoved, answer(503), Seen::kUnseen},
       }) {
    const Sight sight = sightOf(row.answer, row.stage, kTexts);
    EXPECT_EQ(sight.seen, row.seen)
        << static_cast<int>(row.stage) << " " << row.answer.status << " " << row.answer.body;
    EXPECT_EQ(sight.status, row.answer.status);
  }
}

TEST(CanaryRules, APodThatDoesNotAnswerInTimeIsToldFromOneThatCannotBeReached) {
  const auto seen = [](ErrorCode code) {
    return sightOf(Error{code, ""}, Stage::kCreated, kTexts).seen;
  };
  EXPECT_EQ(seen(ErrorCode::kDeadlineExceeded), Seen::kSilent);
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kProtocol, ErrorCode::kCancelled, ErrorCode::kNotFound})
    EXPECT_EQ(seen(code), Seen::kUnseen);
}

TEST(CanaryRules, WhatAnErrorSaysIsKept) {
  EXPECT_EQ(
      sightOf(answer(500, "The server has encountered an error."), Stage::kCreated, kTexts).said,
      "The server has encountered an error.");
  HttpResponse sent = answer(301);
  sent.headers.emplace_back("location", "https://cdn.e.org/\x1b[31mx");
  EXPECT_EQ(sightOf(sent, Stage::kCreated, kTexts).said, "https://cdn.e.org/[31mx");
  EXPECT_EQ(sightOf(answer(404, "Image not found"), Stage::kCreated, kTexts).said, "");
}

TEST(CanaryRules, GhostsETagTellsSizeAndTime) {
  EXPECT_EQ(stampOf("W/\"5-1a216222946\""),
            (Stamp{5, WallTime(std::chrono::milliseconds(0x1a216222946))}));
  for (const char* other : {"", "\"5-1a216222946\"", "W/\"5-\"", "W/\"-1a\"", "W/\"5-1a\"x",
                            "W/\"5\"", "W/\"g-1a\"", "W/\"f-V3WvHz7RSSL1viW5synONXxGAIU\"",
                            "W/\"5-ffffffffffffffff\"", "W/\"5-11111111111111111\""})
    EXPECT_EQ(stampOf(other), std::nullopt) << other;
  const WallTime ours{100ms};
  EXPECT_TRUE(sameTime(ours, ours));
  EXPECT_TRUE(sameTime(ours + 1ms, ours));
  EXPECT_FALSE(sameTime(ours + 2ms, ours));
  EXPECT_FALSE(sameTime(ours - 1ms, ours));
}

TEST(CanaryRules, NothingIsClaimedOnOneLookAndAnOldStateOnlyAfterTheUsualCaches) {
  struct Row {
    Seen seen;
    int before, beforeKnown;
  };
  for (const Row& row :
       {Row{Seen::kMissing, 2, 1}, Row{Seen::kFailing, 2, 1}, Row{Seen::kRefused, 2, 1},
        Row{Seen::kSilent, 1, 1}, Row{Seen::kOld, 10, 10}, Row{Seen::kWrong, 10, 10},
        Row{Seen::kRight, 0, 0}, Row{Seen::kElsewhere, 0, 0}, Row{Seen::kUnseen, 0, 0}}) {
    EXPECT_EQ(looksBefore(row.seen, false), row.before) << static_cast<int>(row.seen);
    EXPECT_EQ(looksBefore(row.seen, true), row.beforeKnown) << static_cast<int>(row.seen);
  }
}

TEST(CanaryRules, WhatAllPodsSeeTogether) {
  struct Row {
    std::vector<Seen> all;
    Scene scene;
  };
  for (const Row& row : std::vector<Row>{
           {{Seen::kRight, Seen::kMissing}, Scene::kServed},
           {{Seen::kOld, Seen::kMissing}, Scene::kServed},
           {{Seen::kWrong}, Scene::kServed},
           {{Seen::kMissing, Seen::kMissing}, Scene::kNowhere},
           {{Seen::kMissing, Seen::kUnseen}, Scene::kNowhere},
           {{Seen::kRefused, Seen::kElsewhere}, Scene::kNowhere},
           {{Seen::kMissing, Seen::kFailing}, Scene::kNowhere},
           {{Seen::kElsewhere, Seen::kElsewhere}, Scene::kElsewhere},
           {{Seen::kElsewhere, Seen::kUnseen}, Scene::kElsewhere},
           {{Seen::kFailing, Seen::kSilent}, Scene::kUnknown},
           {{Seen::kUnseen}, Scene::kUnknown},
           {{}, Scene::kUnknown},
       })
    EXPECT_EQ(sceneOf(row.all), row.scene) << row.all.size();
}

}  // namespace
}  // namespace rollcall::checks::canary
