// What may happen between two looks, and what a run remembers of the one before.
#include "checks/routes/check_fixture.h"
#include "daemon/net/shared_answers.h"

namespace rollcall::checks::routes::testing_fixture {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class SecondLook : public RoutesCheckTest {
 protected:
  SecondLook() {
    file(kBlog);
    for (const Pod& one : topology_.pods) byBlog(one.name);
  }
  // Answers `first` once, `then` from the second time on.
  void changes(const std::string& pod, const std::string& path, const std::string& first,
               FakePodClient::Responder then) {
    pods_.answer(pod, path, [first, then, asked = 0](const PodRequest& request) mutable {
      if (asked++ > 0) return then(request);
      HttpResponse response;
      response.status = 200;
      response.body = first;
      return Result<HttpResponse>(response);
    });
  }
  static FakePodClient::Responder answers(const std::string& body) {
    return [body](const PodRequest&) {
      HttpResponse response;
      response.status = 200;
      response.body = body;
      return Result<HttpResponse>(response);
    };
  }
  static FakePodClient::Responder fails() {
    return [](const PodRequest&) -> Result<HttpResponse> {
      return Error{ErrorCode::kDeadlineExceeded, "as the test asked"};
    };
  }
  static std::vector<std::string> gapsOf(const Outcome& outcome) {
    std::vector<std::string> pods;
    for (const Gap& one : outcome.gaps) pods.push_back(one.pod);
    return pods;
  }
};

TEST_F(SecondLook, SeesThatOnlyTagsOrOnlyAuthorsHaveAnotherPermalink) {
  pods_.answer("pod-2", "/sitemap-tags.xml", 200, sitemap({"/topic/news/"}));
  pods_.answer("pod-2", "/topic/news/", 200);
  pods_.answer("pod-3", "/sitemap-authors.xml", 200, sitemap({"/by/olive/"}));
  pods_.answer("pod-3", "/by/olive/", 200);
  run();
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2"), Pair("RC561", "pod-3")));
}

TEST_F(SecondLook, SeesThatOnlyAuthorsHaveAnotherPermalinkOfAFileWithoutATime) {
  adminKey_ = "0123456789abcdef01234567:" + std::string(64, 'a');
  useDir_ = false;
  pods_.answer("*", kDownload, 200, kBlog);
  pods_.answer("pod-3", "/sitemap-authors.xml", 200, sitemap({"/by/olive/"}));
  pods_.answer("pod-3", "/by/olive/", 200);
  run();
  const Outcome settling = run();
  EXPECT_THAT(found(settling), IsEmpty());
  ASSERT_TRUE(settling.again);
  clock_.advance(*settling.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-3")));
}

TEST_F(SecondLook, IsAnErrorWhenTheDatabaseDiesBetweenTheLooks) {
  changes("pod-2", "/sitemap-pages.xml", sitemap({"/", "/about/"}), answers(""));
  pods_.answer("pod-2", "/sitemap-posts.xml", [this](const PodRequest& request) {
    database_.error = Error{ErrorCode::kUnavailable, "dead"};
    return answers(sitemap({"/blog/hello/"}))(request);
  });
  EXPECT_FALSE(tryRun());
}

TEST_F(SecondLook, IsAGapWhenTheFileGoesBetweenTheLooks) {
  byDefaults("pod-2");
  pods_.answer("pod-2", "/sitemap-posts.xml", [this](const PodRequest& request) {
    dir_.error = Error{ErrorCode::kDeadlineExceeded, "the volume hangs"};
    return answers(sitemap({"/hello/"}))(request);
  });
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(gapsOf(outcome), ElementsAre(""));
}

TEST_F(SecondLook, IsAGapWhenTheFileIsChangedBetweenTheLooks) {
  byDefaults("pod-2");
  pods_.answer("pod-2", "/sitemap-posts.xml", [this](const PodRequest& request) {
    file("routes: [");
    return answers(sitemap({"/hello/"}))(request);
  });
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(gapsOf(outcome), ElementsAre(""));
  EXPECT_TRUE(outcome.again);
}

// A round of `rollcall check`: what several checks ask a pod alike is asked once.
class SecondLookOfARound : public SecondLook {
 protected:
  SecondLookOfARound() {
    once_ = true;
    useDir_ = false;
    adminKey_ = "0123456789abcdef01234567:" + std::string(64, 'a');
    client_ = round_.get();
  }

  std::unique_ptr<PodClient> round_ = shareAnswers(pods_);
};

TEST_F(SecondLookOfARound, AsksAnewForTheFile) {
  changes("*", kDownload, kBlog, answers("routes:\n  /other/: index\n"));
  byDefaults("pod-2");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  ASSERT_THAT(gapsOf(outcome), ElementsAre(""));
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("changed while it was looked at"));
}

TEST_F(SecondLookOfARound, AsksAnewForAFileThatWasBroken) {
  changes("*", kDownload, "routes: [", answers(kBlog));
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(SecondLook, IsAnErrorWhenTheDatabaseDiesWhileABrokenFileSettles) {
  once_ = true;
  file("routes: [", 0s);
  passing_.asleep = [this] { database_.error = Error{ErrorCode::kUnavailable, "dead"}; };
  EXPECT_FALSE(tryRun());
}

TEST_F(SecondLook, IsAGapWhenTheAccusedPodDoesNotAnswerTheSecondTime) {
  byDefaults("pod-2");
  changes("pod-2", "/sitemap-pages.xml", sitemap({"/", "/about/"}), fails());
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(gapsOf(outcome), ElementsAre("pod-2"));
}

TEST_F(SecondLook, IsAGapAndNoVerdictWhenAPodDoesNotAnswerForAPage) {
  byDefaults("pod-2");
  pods_.answer("pod-2", "/blog/", 503);
  EXPECT_THAT(gapsOf(run()), ElementsAre("pod-2"));
  pods_.fail("pod-2", "/blog/", ErrorCode::kDeadlineExceeded);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(gapsOf(outcome), ElementsAre("pod-2"));
  pods_.answer("pod-2", "/blog/", 404);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
}

TEST_F(SecondLook, IsAGapWhenAPodDoesNotAnswerForAPageAndNobodyKnowsTheFile) {
  useDir_ = false;
  byDefaults("pod-2");
  clock_.advance(*run().again);
  for (const char* path : {"/", "/blog/", "/features/", "/blog/hello/", "/hello/"})
    pods_.fail("pod-2", path, ErrorCode::kDeadlineExceeded);
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(gapsOf(outcome), ElementsAre("pod-2"));
}

TEST_F(SecondLook, AcceptsThatAPostHasTheAddressOfAPageThatWas) {
  file("collections:\n  /:\n    permalink: /{slug}/\n");
  for (const Pod& one : topology_.pods) lists(one.name, {"/", "/about/"}, {"/hello/"});
  pods_.answer("*", "/sitemap-tags.xml", 404);
  lists("pod-2", {"/", "/about/", "/x/"}, {"/hello/", "/x/"});
  for (const Pod& one : topology_.pods) {
    pods_.answer(one.name, "/sitemap-tags.xml", 404);
    pods_.answer(one.name, "/sitemap-authors.xml", 404);
    pods_.answer(one.name, "/x/", 200);
  }
  database_.add(ResourceType::kPost, "10", "x", kNow);
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(SecondLook, DoesNotTakeAnOldRouteForAPostThatIsElsewhere) {
  database_.add(ResourceType::kPost, "10", "old", kNow);
  lists("pod-2", {"/blog/", "/features/", "/about/", "/old/"}, {"/blog/hello/"});
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
}

TEST_F(SecondLook, DoesNotBlamePodsForAPostAtTheAddressOfAPageThatWas) {
  useDir_ = false;
  database_.add(ResourceType::kPost, "10", "x", kNow);
  lists("pod-2", {"/blog/", "/features/", "/about/", "/x/"}, {"/blog/hello/"});
  const Outcome settling = run();
  if (settling.again) clock_.advance(*settling.again);
  EXPECT_THAT(found(run()), IsEmpty());
}

TEST_F(SecondLook, SettlesAgainWhenWhatIsSeenChanges) {
  file(kBlog, 1s);
  pods_.answer("pod-2", "/sitemap-pages.xml", 200, sitemap({"/blog/", "/about/"}));
  pods_.answer("pod-2", "/features/", 404);
  clock_.advance(*run().again);
  ASSERT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  file(kBlog + std::string("\n"), 0s);
  pods_.answer("pod-2", "/sitemap-pages.xml", 200, sitemap({"/about/", "/features/"}));
  pods_.answer("pod-2", "/blog/", 404);
  const Outcome settling = run();
  EXPECT_THAT(found(settling), IsEmpty());
  ASSERT_TRUE(settling.again);
  clock_.advance(*settling.again);
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
}

TEST_F(SecondLook, ClaimsOnlyWhatBothLooksSaw) {
  lists("pod-2", {"/blog/", "/features/", "/about/", "/gone/"}, {"/blog/hello/"});
  changes("pod-2", "/sitemap-pages.xml", sitemap({"/blog/", "/features/", "/about/", "/gone/"}),
          answers(sitemap({"/blog/", "/about/"})));
  pods_.answer("pod-2", "/features/", 404);
  EXPECT_THAT(found(run()), IsEmpty());
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2"))) << "seen twice by now";
}

TEST_F(SecondLook, SaysNothingOfAPodThatCannotBeAskedAndRemembers) {
  byDefaults("pod-2");
  ASSERT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  pods_.fail("pod-2", "/sitemap-pages.xml", ErrorCode::kUnavailable);
  const Outcome away = run();
  EXPECT_THAT(found(away), IsEmpty());
  EXPECT_THAT(gapsOf(away), ElementsAre("pod-2"));
  byDefaults("pod-2");
  pods_.asked.clear();
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2")));
  EXPECT_EQ(rendered(), 0u) << "it is remembered";
}

TEST_F(SecondLook, IsAGapWhenThereIsNoTimeToLookAgain) {
  once_ = true;
  patience_ = 3s;
  file(kBlog, 1s);
  byDefaults("pod-2");
  byDefaults("pod-3");
  const Outcome outcome = run();
  EXPECT_THAT(found(outcome), IsEmpty());
  EXPECT_THAT(gapsOf(outcome), ElementsAre("pod-2", "pod-3"));
  EXPECT_THAT(outcome.gaps,
              Contains(Field(&Gap::why, Field(&Error::message, HasSubstr("no time")))));
  useDir_ = false;
  EXPECT_THAT(gapsOf(run()), ElementsAre(""));
  useDir_ = true;
  file("routes: [", 0s);
  EXPECT_THAT(gapsOf(run()), ElementsAre(""));
}

TEST_F(SecondLook, PausesInAOneShotRunAndThenClaims) {
  once_ = true;
  file(kBlog, 1s);
  byDefaults("pod-2");
  byDefaults("pod-3");
  EXPECT_THAT(found(run()), ElementsAre(Pair("RC561", "pod-2"), Pair("RC561", "pod-3")));
}

TEST_F(SecondLook, ReadsTheWholeContentOnlyWhenThereIsADifference) {
  run();
  EXPECT_EQ(database_.loads, 0);
  byDefaults("pod-2");
  run();
  EXPECT_EQ(database_.loads, 1);
  run();
  EXPECT_EQ(database_.loads, 1) << "while nothing changes";
}

}  // namespace
}  // namespace rollcall::checks::routes::testing_fixture
