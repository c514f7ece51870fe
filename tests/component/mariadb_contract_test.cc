// What every ContentSource keeps to: the fake of the unit tests and the real one alike.
#include <gmock/gmock.h>

#include <deque>
#include <functional>

#include "tests/component/mariadb_world.h"
#include "tests/support/fake_content_source.h"

namespace rollcall::testing_support {
namespace {

enum class Kind { kFake, kMariadb };

class ContentSourceContract : public MariadbWorld, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kMariadb) MariadbWorld::SetUp();
  }

  // A published post, or a page.
  void add(ResourceType type, const std::string& id, const std::string& slug, bool isPublic) {
    const std::string& keptId = texts_.emplace_back(id);
    const std::string& keptSlug = texts_.emplace_back(slug);
    if (GetParam() == Kind::kFake) {
      Entry& entry = fake_->add(type, keptId, keptSlug, kTime);
      entry.isPublic = isPublic;
      entry.status = isPublic ? "published" : "draft";
      return;
    }
    post(id, slug,
         std::string("type='") + (type == ResourceType::kPage ? "page" : "post") + "', status='" +
             (isPublic ? "published" : "draft") + "', updated_at='2026-05-06 07:08:09'");
  }

  ContentSource& source() {
    if (GetParam() == Kind::kFake) return *fake_;
    if (!real_) real_ = makeMysqlSource(clock_, config());
    return *real_;
  }

  static constexpr WallTime kTime{std::chrono::sys_days(std::chrono::year(2026) / 5 / 6) +
                                  std::chrono::hours(7) + std::chrono::minutes(8) +
                                  std::chrono::seconds(9)};

 private:
  std::deque<std::string> texts_;
  std::unique_ptr<FakeContentSource> fake_ = std::make_unique<FakeContentSource>();
  std::unique_ptr<ContentSource> real_;
};

TEST_P(ContentSourceContract, LoadsEveryRowWithItsState) {
  add(ResourceType::kPost, "1", "one", true);
  add(ResourceType::kPage, "2", "two", true);
  add(ResourceType::kPost, "3", "three", false);
  const auto content = source().load(soon(), {});
  ASSERT_TRUE(content);
  ASSERT_EQ((*content)->entries.size(), 3U);
  const Entry* const post = find(**content, ResourceType::kPost, "1");
  ASSERT_NE(post, nullptr);
  EXPECT_EQ(post->slug, "one");
  EXPECT_EQ(post->status, "published");
  EXPECT_EQ(post->visibility, "public");
  EXPECT_EQ(post->updatedAt, kTime);
  EXPECT_TRUE(post->isPublic);
  EXPECT_NE(find(**content, ResourceType::kPage, "2"), nullptr);
  EXPECT_FALSE(find(**content, ResourceType::kPost, "3")->isPublic);
}

TEST_P(ContentSourceContract, KeepsALoadedContentUsableAfterTheNextLoad) {
  add(ResourceType::kPost, "1", "one", true);
  const auto first = source().load(soon(), {});
  const auto second = source().load(soon(), {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->entries.at(0).slug, "one");
}

TEST_P(ContentSourceContract, TellsStatesByIdAndType) {
  add(ResourceType::kPost, "1", "one", true);
  add(ResourceType::kPost, "3", "three", false);
  add(ResourceType::kPage, "2", "two", true);
  const auto states = source().states(ResourceType::kPost, {"1", "2", "3", "4"}, soon(), {});
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), 4U);
  EXPECT_TRUE(states->at("1").exists);
  EXPECT_TRUE(states->at("1").isPublic);
  EXPECT_EQ(states->at("1").slug, "one");
  EXPECT_EQ(states->at("1").updatedAt, kTime);
  EXPECT_FALSE(states->at("2").exists) << "that is a page";
  EXPECT_TRUE(states->at("3").exists);
  EXPECT_FALSE(states->at("3").isPublic);
  EXPECT_FALSE(states->at("4").exists);
}

TEST_P(ContentSourceContract, MarksTheSameWhileNothingChanges) {
  add(ResourceType::kPost, "1", "one", true);
  EXPECT_EQ(source().mark(soon(), {}).value(), source().mark(soon(), {}).value());
}

TEST_P(ContentSourceContract, HasNoKeyWhereNoneWasMade) {
  EXPECT_EQ(source().contentApiKey(soon(), {}).value(), std::nullopt);
}

TEST_P(ContentSourceContract, AnswersAChecksOwnQuestionColumnByColumn) {
  const std::string sql = "SELECT 'a', NULL, 7";
  if (GetParam() == Kind::kFake)
    static_cast<FakeContentSource&>(source()).reply("SELECT 'a'", {{"a", std::nullopt, "7"}});
  const auto rows = source().rows(sql, soon(), {});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows, (std::vector<Row>{{"a", std::nullopt, "7"}}));
}

TEST_P(ContentSourceContract, AnswersAQuestionThatNeedsNoTable) {
  const auto rows = source().rows("SELECT 1", soon(), {});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows, (std::vector<Row>{{"1"}}));
}

TEST_P(ContentSourceContract, SaysNotFoundForATableThatIsNotThere) {
  const auto rows = source().rows("SELECT 1 FROM no_such_table", soon(), {});
  ASSERT_FALSE(rows);
  if (GetParam() == Kind::kFake)
    EXPECT_EQ(rows.error().code, ErrorCode::kNotFound);
  else  // the server does not tell an account without rights on it whether it is there
    EXPECT_EQ(rows.error().code, ErrorCode::kPermissionDenied) << rows.error().message;
}

INSTANTIATE_TEST_SUITE_P(Sources, ContentSourceContract,
                         ::testing::Values(Kind::kFake, Kind::kMariadb), [](const auto& kind) {
                           return kind.param == Kind::kFake ? "Fake" : "Mariadb";
                         });

}  // namespace
}  // namespace rollcall::testing_support
