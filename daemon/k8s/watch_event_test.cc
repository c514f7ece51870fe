#include "daemon/k8s/watch_event.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace rollcall::k8s {
namespace {
using testing::ElementsAre;
using testing::SizeIs;

const Collection kPods = podsCollection("blog", "app=ghost");

TEST(ReadWatchEvent, readsEveryKind) {
  struct Row {
    const char* type;
    WatchEvent::Kind kind;
  };
  const Row rows[] = {{"ADDED", WatchEvent::Kind::kPut},
                      {"MODIFIED", WatchEvent::Kind::kPut},
                      {"DELETED", WatchEvent::Kind::kDeleted},
                      {"BOOKMARK", WatchEvent::Kind::kBookmark}};
  for (const Row& row : rows) {
    const auto event =
        readWatchEvent(std::string(R"({"type":")") + row.type +
                           R"(","object":{"metadata":{"name":"a","resourceVersion":"17"}}})",
                       kPods);
    ASSERT_TRUE(event) << row.type;
    EXPECT_EQ(event->kind, row.kind);
    EXPECT_EQ(event->version, "17");
    EXPECT_EQ((*event->object)["metadata"]["name"], "a");
  }
}

TEST(ReadWatchEvent, knowsThatTheVersionIsTooOld) {
  const auto event = readWatchEvent(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}})",
      kPods);
  ASSERT_FALSE(event);
  EXPECT_TRUE(event.error().gone);
}

TEST(ReadWatchEvent, refusesWhatIsNoEvent) {
  for (const char* line : {"", "7", "{}", R"({"type":"ADDED"})", R"({"type":"WHAT","object":{}})",
                           R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})",
                           R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"1 2"}}})",
                           R"({"type":"ADDED","object":[]})"}) {
    const auto event = readWatchEvent(line, kPods);
    ASSERT_FALSE(event) << line;
    EXPECT_EQ(event.error().error.code, ErrorCode::kProtocol) << line;
    EXPECT_FALSE(event.error().gone);
  }
}

struct Cut {
  std::vector<std::string> lines;
  LineCutter cutter;
  bool add(std::string_view piece) {
    return cutter.add(piece, [this](std::string_view line) {
      lines.emplace_back(line);
      return line != "stop";
    });
  }
};

TEST(LineCutter, joinsPiecesAndPartsLines) {
  Cut cut;
  EXPECT_TRUE(cut.add("on"));
  EXPECT_TRUE(cut.add("e\ntwo\n\nth"));
  EXPECT_TRUE(cut.add("ree"));
  EXPECT_THAT(cut.lines, ElementsAre("one", "two"));
  EXPECT_TRUE(cut.add("\n"));
  EXPECT_THAT(cut.lines, ElementsAre("one", "two", "three"));
}

TEST(LineCutter, endsWhenItIsTold) {
  Cut cut;
  EXPECT_FALSE(cut.add("stop\nnever\n"));
  EXPECT_THAT(cut.lines, ElementsAre("stop"));
}

TEST(LineCutter, refusesALineWithoutEnd) {
  Cut cut;
  const std::string piece(1u << 20, 'x');
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(cut.add(piece));
  EXPECT_FALSE(cut.add("x"));
  EXPECT_THAT(cut.lines, SizeIs(0));
}

}  // namespace
}  // namespace rollcall::k8s
