#include "daemon/core/check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_content_dir.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"

namespace rollcall::checks {
const CheckSpec& routesSpec();
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing_support::FakeContentDir;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;

constexpr WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};
constexpr const char* kFile = "settings/routes.yaml";
constexpr const char* kDownload = "/ghost/api/admin/settings/routes/yaml/";
constexpr const char* kBlog =
    "routes:\n  /features/: index\ncollections:\n  /blog/:\n    permalink: /blog/{slug}/\n"
    "    template: index\n"
    "taxonomies:\n  tag: /tag/{slug}/\n  author: /author/{slug}/\n";

class RoutesCheckTest : public testing::Test {
 protected:
  RoutesCheckTest() {
    topology_.pods = {pod("pod-1"), pod("pod-2"), pod("pod-3")};
    site_.url = site_.admin = *parseUrl("https://example.com");
    database_.add(ResourceType::kPage, "9", "about", kNow);
    for (const Pod& one : topology_.pods) byDefaults(one.name);
  }
  static Pod pod(const std::string& name) {
    Pod made;
    made.name = made.host = name;
    return made;
  }
  static std::string sitemap(const std::vector<std::string>& paths) {
    std::string xml = "<urlset>";
    for (const std::string& path : paths)
      xml += "<url><loc>https://example.com" + path + "</loc></url>";
    return xml + "</urlset>";
  }
  void lists(const std::string& pod, const std::vector<std::string>& pages,
             const std::vector<std::string>& posts) {
    pods_.answer(pod, "/sitemap-pages.xml", 200, sitemap(pages));
    pods_.answer(pod, "/sitemap-posts.xml", 200, sitemap(posts));
    pods_.answer(pod, "/sitemap-tags.xml", 200, sitemap({"/tag/news/"}));
    pods_.answer(pod, "/sitemap-authors.xml", 200, sitemap({"/author/olive/"}));
    for (const char* path : {"/", "/blog/", "/features/", "/hello/", "/blog/hello/"})
      pods_.answer(pod, path, 404);
    for (const std::string& path : pages) pods_.answer(pod, path, 200);
    for (const std::string& path : posts) pods_.answer(pod, path, 200);
  }
  void byDefaults(const std::string& pod) { lists(pod, {"/", "/about/"}, {"/hello/"}); }
  void byBlog(const std::string& pod) {
    lists(pod, {"/blog/", "/features/", "/about/"}, {"/blog/hello/"});
  }
  void file(const std::string& text, Duration age = 1h) {
    dir_.write(kFile, text,
               clock_.wall() - std::chrono::duration_cast<std::chrono::milliseconds>(age));
  }
  CheckContext context() {
    return {.topology = topology_,
            .site = site_,
            .clock = clock_,
            .pods = pods_,
            .content = content_,
            .dir = useDir_ ? &dir_ : nullptr,
            .adminKey = adminKey_,
            .trigger = Trigger::kInterval,
            .deadline = Deadline::after(clock_, 1h)};
  }
  Result<Outcome> tryRun() {
    if (!check_) check_ = routesSpec().make(Params(routesSpec().params));
    return check_->run(context());
  }
  Outcome run() {
    auto outcome = tryRun();
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : Outcome{};
  }
  static std::vector<std::pair<std::string, std::string>> found(const Outcome& outcome) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Finding& one : outcome.findings) all.emplace_back(one.def->code, one.pod);
    return all;
  }
  std::size_t rendered() {
    std::size_t count = 0;
    for (const auto& one : pods_.asked) count += one.path.find(".xml") == std::string::npos;
    return count;
  }

  ManualClock clock_{kNow};
  Topology topology_;
  Site site_;
  FakePodClient pods_;
  FakeContentSource database_;
  FakeContentDir dir_;
  ContentSource* content_ = &database_;
  bool useDir_ = true;
  std::string adminKey_;
  std::unique_ptr<Check> check_;
};

TEST_F(RoutesCheckTest, IsSilentWhenAllPodsRouteByTheFileOrItsAbsence) {
  EXPECT_THAT(found(run()), IsEmpty());
  EXPECT_EQ(rendered(), 0u);
  EXPECT_EQ(pods_.asked.size(), 9u) << "three cheap requests per pod";
  file(kBlog);
  for (const Pod& one : topology_.pods) byBlog(one.name);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
}

TEST_F(RoutesCheckTest, NamesThePodsThatRouteByAnotherFile) {
  file(kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC561", "pod-2")));
  const Finding& finding = outcome.findings[0];
  EXPECT_THAT(finding.message, HasSubstr("it does not know /blog/, /features/"));
  EXPECT_THAT(finding.message, HasSubstr("it still answers /"));
  EXPECT_THAT(finding.message, HasSubstr("a post at /hello/"));
  EXPECT_THAT(finding.remedy, HasSubstr("kubectl delete pod pod-2"));
}

TEST_F(RoutesCheckTest, AsksNoPageAgainWhileNothingChanges) {
  file(kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  run();
  pods_.asked.clear();
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  EXPECT_EQ(rendered(), 0u);
  byBlog("pod-2");
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RoutesCheckTest, SaysItOnceWhenNoPodRoutesByTheFile) {
  file(kBlog);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC562", "")));
}

TEST_F(RoutesCheckTest, SaysThatThePodsDifferWhenNobodyKnowsTheFile) {
  useDir_ = false;
  byBlog("pod-1");
  const Outcome settling = run();
  EXPECT_THAT(found(settling), IsEmpty());
  ASSERT_TRUE(settling.again);
  clock_.advance(*settling.again);
  const Outcome outcome = run();
  ASSERT_THAT(found(outcome), ElementsAre(Pair("RC563", "")));
  EXPECT_THAT(outcome.findings[0].message, HasSubstr("answers on pod-1 and not on pod-2, pod-3"));
}

TEST_F(RoutesCheckTest, SaysThatTheFileIsBroken) {
  file("routes: [");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC564", "")));
}

TEST_F(RoutesCheckTest, WaitsWhetherABrokenFileIsBeingWritten) {
  file("routes: [", 0s);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_TRUE(outcome.again);
  file("routes:\n", 0s);
  clock_.advance(*outcome.again);
  EXPECT_THAT(run().findings, IsEmpty());
}

TEST_F(RoutesCheckTest, IsAGapWhereTheFileIsBeyondUs) {
  file("routes:\n  /a/: &anchor b\n");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RoutesCheckTest, SeesByTheHashThatNoPodHasLoadedTheFile) {
  file(kBlog);
  for (const Pod& one : topology_.pods) byBlog(one.name);
  database_.reply("routes_hash", {{"3d180d52c663d173a6be791ef411ed01"}});
  const auto version = [&](const char* text) {
    pods_.answer(
        "*", "/ghost/api/admin/site/", 200,
        fmt::format(R"({{"site":{{"title":"T","url":"https://example.com/","version":"{}"}}}})",
                    text));
  };
  version("6.56");
  EXPECT_THAT(found(run()), IsEmpty()) << "from 6.55 on the hash is left over";
  version("5.130");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC565", "")));
}

TEST_F(RoutesCheckTest, BelievesARealAnswerMoreThanASitemap) {
  file(kBlog);
  for (const Pod& one : topology_.pods) byBlog(one.name);
  pods_.answer("pod-2", "/sitemap-pages.xml", 200, sitemap({"/blog/", "/gone/"}));
  EXPECT_THAT(found(run()), IsEmpty()) << "a page that was deleted, a route that answers";
}

TEST_F(RoutesCheckTest, DoesNotJudgeAFileThatWasChangedAMomentAgo) {
  file(kBlog, 1s);
  byBlog("pod-1");
  byBlog("pod-3");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_TRUE(outcome.again);
  clock_.advance(*outcome.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
}

TEST_F(RoutesCheckTest, ReadsTheFileThroughAPodWithAnAdminKey) {
  useDir_ = false;
  adminKey_ = "0123456789abcdef01234567:" + std::string(64, 'a');
  pods_.answer("*", kDownload, 200, kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  clock_.advance(*run().again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  pods_.answer("*", kDownload, 401);
  EXPECT_THAT(run().gaps, Contains(testing::Field(&Gap::what, HasSubstr("Admin API"))));
}

TEST_F(RoutesCheckTest, CannotSayAnythingOfAPodThatDoesNotAnswerOrIsPrivate) {
  file(kBlog);
  byBlog("pod-1");
  for (const char* map : {"pages", "posts", "tags", "authors"}) {
    const std::string path = "/sitemap-" + std::string(map) + ".xml";
    pods_.fail("pod-2", path, ErrorCode::kUnavailable);
    pods_.answer("pod-3", path, 302, "", {{"location", "/private/?r=%2F"}});
  }
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 2u);
}

TEST_F(RoutesCheckTest, DoesNotBlamePodsThatLeaveOrAreFencedOut) {
  file(kBlog);
  byBlog("pod-1");
  topology_.pods[1].terminating = true;
  topology_.pods[2].ready = false;
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(RoutesCheckTest, DoesNotApplyToAPrivateSite) {
  database_.settings.isPrivate = true;
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(RoutesCheckTest, GoesWithoutTheDatabaseAsFarAsItCan) {
  content_ = nullptr;
  file(kBlog);
  byBlog("pod-1");
  byBlog("pod-3");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  useDir_ = false;
  check_.reset();
  EXPECT_THAT(run().notes, Contains(HasSubstr("--content")));
}

TEST_F(RoutesCheckTest, SaysWhenTheContentFolderCannotBeRead) {
  dir_.error = Error{ErrorCode::kDeadlineExceeded, "the volume hangs"};
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_EQ(outcome.gaps.size(), 1u);
}

TEST_F(RoutesCheckTest, IsAnErrorWhileTheDatabaseIsDead) {
  database_.error = Error{ErrorCode::kUnavailable, "dead"};
  EXPECT_FALSE(tryRun());
}

}  // namespace
}  // namespace rollcall::checks
