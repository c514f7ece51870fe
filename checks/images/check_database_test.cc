// Which files are asked for, and what is remembered of them.
#include "checks/images/check_fixture.h"

namespace rollcall::checks::images {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(ImagesTest, DoesNotApplyWhereNothingOfTheVolumeIsReferenced) {
  Row elsewhere = post("p1", "hello", "");
  elsewhere[5] = "https://static.ghost.org/v4.0.0/images/feature-image.jpg";
  posts({elsewhere});
  settings(
      {{"cover_image", "https://static.ghost.org/cover.jpg"}, {"portal_button_icon", "icon-1"}});
  const Outcome outcome = run();
  ASSERT_TRUE(outcome.notApplicable);
  EXPECT_THAT(*outcome.notApplicable, HasSubstr("reference no file"));
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(ImagesTest, CountsWhatComesFromElsewhereAndDoesNotAskForIt) {
  settings({{"logo", "https://cdn.example/logo.png"}, {"icon", "//cdn.example/icon.png"}});
  const Outcome outcome = run();
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("2 pictures")));
  EXPECT_THAT(pods_.asked, SizeIs(3));
}

TEST_F(ImagesTest, AsksForOneByteOfEachFileAndEachOnce) {
  settings({{"logo", "__GHOST_URL__/content/images/size/w256h256/2026/a.png"},
            {"icon", "__GHOST_URL__/content/images/i.png"}});
  posts({post("p1", "hello", kPng, R"(<img src="https://e.org/content/images/size/w600/2026/a.png">
    <a href="__GHOST_URL__/content/files/d%20e.pdf">x</a><a href="https://other.example/">y</a>)")});
  put("images/i.png");
  dir_.write("files/d e.pdf", bytesOf(100), kNow - 1h);
  for (const char* pod : {"a", "b", "c"}) serves(pod, "files/d%20e.pdf");
  EXPECT_THAT(codes(run()), IsEmpty());
  EXPECT_EQ(asked("a", kPng), 1u);
  EXPECT_EQ(asked("a", "images/i.png"), 1u);
  EXPECT_EQ(asked("a", "files/d%20e.pdf"), 1u);
  EXPECT_THAT(pods_.asked, SizeIs(9));
}

TEST_F(ImagesTest, AYoungPostIsNotJudgedYet) {
  remove(kPng);
  posts({post("p1", "hello", kPng, "", "2026-01-01 09:59:58", "2000000")});
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_EQ(outcome.again, 5s);
  EXPECT_THAT(outcome.notes, SizeIs(1));
  EXPECT_THAT(pods_.asked, IsEmpty());
}

TEST_F(ImagesTest, ADraftIsNeverNamed) {
  posts({draft("p1"), post("p2", "other", "images/b.png")});
  put("images/b.png");
  remove(kPng);
  const Outcome outcome = run(Trigger::kInterval);
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_EQ(asked("a", kPng), 0u);
}

TEST_F(ImagesTest, APostThatIsUnpublishedMeanwhileIsNotNamed) {
  remove(kPng);
  source_.reply("FROM posts WHERE id IN", {draft("p1")});
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), IsEmpty());
  EXPECT_THAT(everythingSaid(outcome), Not(HasSubstr("a.png")));
}

TEST_F(ImagesTest, APostThatIsEditedMeanwhileIsNotHeldAgainstAnybody) {
  remove(kPng);
  source_.reply("FROM posts WHERE id IN", {post("p1", "hello", kPng, "", "2026-01-01 10:00:00")});
  EXPECT_THAT(codes(run()), IsEmpty());
}

TEST_F(ImagesTest, TheWalkComesToEveryPostTagAndAuthor) {
  std::vector<Row> newest, page;
  for (int i = 0; i < 20; ++i) {
    put(fmt::format("images/{}.png", i));
    page.push_back(post(fmt::format("p{}", i), "x", fmt::format("images/{}.png", i)));
  }
  posts({page[0]});
  source_.reply("FROM posts ORDER BY id", page);
  put("images/tag.png"), put("images/author.png"), put("images/cover.png");
  rows("FROM tags", {{text("t1"),
                      text("x"),
                      text("9000000"),
                      text("tag"),
                      text("news"),
                      text("__GHOST_URL__/content/images/tag.png"),
                      {},
                      {}}});
  rows("FROM users", {{text("1"),
                       text("x"),
                       text("9000000"),
                       text("author"),
                       text("olive"),
                       text("__GHOST_URL__/content/images/author.png"),
                       text("__GHOST_URL__/content/images/cover.png"),
                       {}}});
  std::size_t most = 0;
  for (int i = 0; i < 8; ++i) {
    const std::size_t before = pods_.asked.size();
    run(Trigger::kInterval);
    most = std::max(most, (pods_.asked.size() - before) / 3);
  }
  for (int i = 0; i < 20; ++i) EXPECT_GE(asked("a", fmt::format("images/{}.png", i)), 1u) << i;
  for (const char* path : {"images/tag.png", "images/author.png", "images/cover.png"})
    EXPECT_GE(asked("a", path), 1u) << path;
  EXPECT_GE(asked("a", "images/0.png"), 8u);
  EXPECT_LE(most, 20u);
}

TEST_F(ImagesTest, TheWalkIsTheLeadersAlone) {
  put("images/new.png"), put("images/old.png");
  posts({post("p1", "new", "images/new.png")});
  source_.reply("FROM posts ORDER BY id", {post("p9", "old", "images/old.png")});
  leads_ = false;
  for (int i = 0; i < 4; ++i) run(Trigger::kInterval);
  EXPECT_EQ(asked("a", "images/new.png"), 4u);
  EXPECT_EQ(asked("a", "images/old.png"), 0u);
  leads_ = true;
  run(Trigger::kInterval);
  EXPECT_EQ(asked("a", "images/old.png"), 1u);
}

TEST_F(ImagesTest, AFileFoundMissingByTheWalkStaysNamedUntilItIsBack) {
  posts({});
  const Row old = post("p9", "old", "images/old.png");
  source_.reply("FROM posts WHERE id IN", {old});
  source_.reply("FROM posts ORDER BY id", {old});
  dir_.makeFolder("images");
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC832 of old"));
  source_.reply("FROM posts ORDER BY id", {});
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC832 of old"));
  EXPECT_THAT(codes(run(Trigger::kChange)), ElementsAre("RC832 of old"));
  pods_.fail("c", "/content/images/old.png", ErrorCode::kUnavailable);
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC832 of old"));
  put("images/old.png");
  EXPECT_THAT(codes(run(Trigger::kInterval)), IsEmpty());
  const std::size_t before = pods_.asked.size();
  EXPECT_THAT(codes(run(Trigger::kInterval)), IsEmpty());
  EXPECT_EQ(pods_.asked.size(), before);
}

TEST_F(ImagesTest, AFileKnownToBeMissingIsNotForgottenWhileItsOwnerCannotBeRead) {
  posts({});
  const Row old = post("p9", "old", "images/old.png");
  source_.reply("FROM posts WHERE id IN", {old});
  source_.reply("FROM posts ORDER BY id", {old});
  dir_.makeFolder("images");
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC832 of old"));
  source_.reply("FROM posts ORDER BY id", {});
  source_.refuse("FROM posts WHERE id IN", ErrorCode::kPermissionDenied);
  const Outcome blind = run(Trigger::kInterval);
  ASSERT_THAT(blind.gaps, SizeIs(1));
  EXPECT_EQ(blind.gaps[0].what, "the files known to be wrong");
  source_.reply("FROM posts WHERE id IN", {old});
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC832 of old"));
}

TEST_F(ImagesTest, AFileThatIsNotReferencedAnyMoreIsNotNamedAnyMore) {
  remove(kPng);
  EXPECT_THAT(codes(run(Trigger::kInterval)), ElementsAre("RC832 of hello"));
  posts({post("p1", "hello", "", "", "2026-01-01 10:00:00")});
  EXPECT_THAT(codes(run(Trigger::kInterval)), IsEmpty());
}

TEST_F(ImagesTest, MoreMissingFilesThanItRemembersAreCounted) {
  std::string html = R"(<img src="/content/images/2026/a.png">)";
  for (int i = 0; i < 30; ++i) html += fmt::format("<img src='/content/images/{}.png'>", i);
  posts({post("p1", "hello", kPng, html)});
  run(Trigger::kInterval);
  const Outcome outcome = run(Trigger::kInterval);
  ASSERT_THAT(codes(outcome), ElementsAre("RC832 of hello"));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("20 files"));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("more files are missing")));
}

TEST_F(ImagesTest, WhatTheAccountMayNotReadIsAGapAndTheRestIsLookedAt) {
  settings({{"icon", "__GHOST_URL__/content/images/i.png"}});
  source_.refuse("FROM posts JOIN", ErrorCode::kPermissionDenied);
  const Outcome outcome = run();
  EXPECT_THAT(codes(outcome), ElementsAre("RC832"));
  ASSERT_THAT(outcome.gaps, SizeIs(1));
  EXPECT_EQ(outcome.gaps[0].what, "the files of the newest posts");
}

TEST_F(ImagesTest, TagsAndAuthorsThatMayNotBeReadAreANoteInEveryRun) {
  source_.refuse("FROM users", ErrorCode::kPermissionDenied);
  for (int i = 0; i < 4; ++i) run(Trigger::kInterval);
  const Outcome outcome = run(Trigger::kInterval);
  EXPECT_THAT(outcome.gaps, IsEmpty());
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("files of authors are not asked for")));
}

TEST_F(ImagesTest, ADeadDatabaseIsAnError) {
  source_.error = Error{ErrorCode::kUnavailable, "connection refused"};
  EXPECT_FALSE(tryRun(Trigger::kOnce));
}

TEST_F(ImagesTest, OnlyIdsGoIntoSql) {
  posts({post("x' OR '1'='1", "evil", kPng)});
  run(Trigger::kInterval);
  run(Trigger::kInterval);
  for (const std::string& sql : source_.asked) EXPECT_THAT(sql, Not(HasSubstr("OR '1'")));
}

}  // namespace
}  // namespace rollcall::checks::images
