#include "daemon/net/shared_answers.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/support/fake_pod_client.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing_support::FakePodClient;

const Pod kPod{.name = "a"};
const Pod kOther{.name = "b"};
const Deadline kNever(MonoTime::max());

PodRequest sharedRequest(std::string path) {
  PodRequest request;
  request.path = std::move(path);
  request.shared = true;
  return request;
}

class SharedAnswers : public testing::Test {
 protected:
  std::unique_ptr<PodBatch> batch() { return client_->batch({}); }
  // Asks and drives; the answers' bodies ("!" for an Error) in order.
  void ask(PodBatch& batch, const Pod& pod, PodRequest request) {
    batch.get(pod, std::move(request), [this](const Result<HttpResponse>& answer) {
      bodies_.push_back(answer ? answer->body : "!");
    });
  }
  void askAlone(const Pod& pod, PodRequest request) {
    const auto alone = batch();
    ask(*alone, pod, std::move(request));
    alone->drive(kNever, {});
  }

  FakePodClient pods_;
  std::unique_ptr<PodClient> client_ = shareAnswers(pods_);
  std::vector<std::string> bodies_;
};

TEST_F(SharedAnswers, asksOnceWhatTwoBatchesAskAlike) {
  pods_.answer("a", "/", 200, "front");
  askAlone(kPod, sharedRequest("/"));
  askAlone(kPod, sharedRequest("/"));
  EXPECT_THAT(bodies_, ElementsAre("front", "front"));
  EXPECT_EQ(pods_.asked.size(), 1u);
}

TEST_F(SharedAnswers, asksOnceWhatOneBatchAsksTwice) {
  pods_.answer("a", "/", 200, "front");
  const auto both = batch();
  ask(*both, kPod, sharedRequest("/"));
  ask(*both, kPod, sharedRequest("/"));
  both->drive(kNever, {});
  EXPECT_THAT(bodies_, ElementsAre("front", "front"));
  EXPECT_EQ(pods_.asked.size(), 1u);
}

TEST_F(SharedAnswers, keepsPodsPathsAndUnsharedRequestsApart) {
  pods_.answer("*", "/", 200, "front");
  pods_.answer("*", "/x/", 200, "x");
  askAlone(kPod, sharedRequest("/"));
  askAlone(kOther, sharedRequest("/"));
  askAlone(kPod, sharedRequest("/x/"));
  PodRequest fresh = sharedRequest("/");
  fresh.shared = false;
  askAlone(kPod, fresh);
  PodRequest streamed = sharedRequest("/");
  streamed.onBody = [](std::string_view) { return true; };
  askAlone(kPod, streamed);
  PodRequest shorter = sharedRequest("/");
  shorter.keepBytes = 2;
  askAlone(kPod, shorter);
  PodRequest partial = sharedRequest("/");
  partial.firstByte = true;
  askAlone(kPod, partial);
  EXPECT_THAT(bodies_, ElementsAre("front", "front", "x", "front", "", "fr", "front"));
  EXPECT_EQ(pods_.asked.size(), 7u);
}

TEST_F(SharedAnswers, neverSharesAnError) {
  pods_.fail("a", "/", ErrorCode::kDeadlineExceeded);
  askAlone(kPod, sharedRequest("/"));
  pods_.answer("a", "/", 200, "front");
  askAlone(kPod, sharedRequest("/"));
  EXPECT_THAT(bodies_, ElementsAre("!", "front"));
}

TEST_F(SharedAnswers, letsADoneAskOn) {
  pods_.answer("a", "/", 200, "front");
  pods_.answer("a", "/next/", 200, "next");
  askAlone(kPod, sharedRequest("/"));
  const auto chain = batch();
  chain->get(kPod, sharedRequest("/"),
             [&](const Result<HttpResponse>&) { ask(*chain, kPod, sharedRequest("/next/")); });
  chain->drive(kNever, {});
  EXPECT_THAT(bodies_, ElementsAre("front", "next"));
}

TEST_F(SharedAnswers, freesWhoWaitsForABatchThatIsDroppedUndriven) {
  pods_.answer("a", "/", 200, "front");
  auto dropped = batch();
  dropped->get(kPod, sharedRequest("/"), [](const Result<HttpResponse>&) { FAIL(); });
  std::jthread waits([this] { askAlone(kPod, sharedRequest("/")); });
  dropped.reset();
  waits.join();
  EXPECT_THAT(bodies_, ElementsAre("front"));
}

TEST_F(SharedAnswers, waitsForAnAnswerAnotherThreadIsGetting) {
  pods_.answer("a", "/", 200, "front");
  auto first = batch();
  std::string seen;
  first->get(kPod, sharedRequest("/"),
             [&](const Result<HttpResponse>& answer) { seen = answer->body; });
  std::jthread waits([this] { askAlone(kPod, sharedRequest("/")); });
  first->drive(kNever, {});
  waits.join();
  EXPECT_EQ(seen, "front");
  EXPECT_THAT(bodies_, ElementsAre("front"));
  EXPECT_EQ(pods_.asked.size(), 1u);
}

TEST_F(SharedAnswers, endsWaitingWhenToldToStop) {
  auto first = batch();
  first->get(kPod, sharedRequest("/"), [](const Result<HttpResponse>&) {});
  std::stop_source stop;
  stop.request_stop();
  const auto second = batch();
  ask(*second, kPod, sharedRequest("/"));
  second->drive(kNever, stop.get_token());
  EXPECT_EQ(bodies_.size(), 1u) << "asked by itself, which a stopped batch answers at once";
}

}  // namespace
}  // namespace rollcall
