// The threads that ask the API: who leads, and what is to be told.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "daemon/k8s/account_folder.h"
#include "daemon/k8s/elector.h"
#include "daemon/k8s/event_sink.h"
#include "daemon/k8s/scripted_http.h"
#include "tests/support/sample_report.h"

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;
using testing::Contains;
using testing::HasSubstr;

class ApiThreads : public testing::Test {
 protected:
  // An object that was written is there from then on.
  Scripted answer(const HttpRequest& request) {
    std::lock_guard lock(mutex_);
    if (request.method == Method::kGet)
      return written_.empty() ? Scripted{.status = 404} : Scripted{.body = written_.back()};
    std::string object = request.body;
    object.insert(object.find("\"metadata\":{") + 12, "\"resourceVersion\":\"1\",");
    written_.push_back(std::move(object));
    return {.status = 201, .body = written_.back()};
  }
  std::vector<std::string> written() {
    std::lock_guard lock(mutex_);
    return written_;
  }
  // Leads, and ends when `ending` answers; how often it was asked then.
  int requestsAtTheEnd(const std::function<Scripted(const HttpRequest&)>& ending) {
    std::atomic<bool> ends = false;
    std::atomic<int> asked = 0;
    ScriptedHttp http([&](const HttpRequest& request, std::stop_token) {
      if (!ends) return answer(request);
      ++asked;
      return ending(request);
    });
    // Somebody gave it back: it may be had at once.
    written_ = {R"({"kind":"Lease","metadata":{"name":"rollcall","resourceVersion":"1"},)"
                R"("spec":{"holderIdentity":""}})"};
    auto leadership =
        joinElection(clock_, http, "rollcall", account_.surroundings(), "a_1", [](const News&) {});
    EXPECT_TRUE(leadership);
    EXPECT_TRUE(eventually([&] { return (*leadership)->leads(); }));
    EXPECT_THAT(written().back(), HasSubstr(R"("holderIdentity":"a_1")"));
    ends = true;
    leadership->reset();
    return asked;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }

  const AccountFolder account_;
  SystemClock clock_;
  std::mutex mutex_;
  std::vector<std::string> written_;
  ScriptedHttp http_{
      [this](const HttpRequest& request, std::stop_token) { return answer(request); }};
};

TEST_F(ApiThreads, AnElectionLeadsWhileItLastsAndGivesTheLeaseBackWithOneRequest) {
  EXPECT_EQ(requestsAtTheEnd([this](const HttpRequest& request) { return answer(request); }), 1);
  EXPECT_THAT(written().back(), HasSubstr(R"("holderIdentity":"")"));
}

TEST_F(ApiThreads, AnElectionThatEndsDoesNotInsistWhenTheApiFails) {
  EXPECT_EQ(requestsAtTheEnd([](const HttpRequest&) { return Scripted{.status = 503}; }), 1);
}

TEST_F(ApiThreads, AnElectionThatEndsLooksOnceMoreAfterAConflict) {
  const int asked = requestsAtTheEnd([this](const HttpRequest& request) {
    return request.method == Method::kPut ? Scripted{.status = 409} : answer(request);
  });
  EXPECT_EQ(asked, 3);
}

TEST_F(ApiThreads, AnElectionIsForContainersOfACluster) {
  const auto leadership = joinElection(clock_, http_, "rollcall", {}, "a_1", [](const News&) {});
  ASSERT_FALSE(leadership);
  EXPECT_THAT(leadership.error().message, HasSubstr("leave the Lease out"));
}

TEST_F(ApiThreads, WhatIsPublishedIsWrittenByAnotherThread) {
  auto sink = makeEventSink(clock_, http_, "", account_.surroundings(), "a_1", [](const News&) {});
  ASSERT_TRUE(sink) << sink.error().message;
  auto report = std::make_shared<Report>(sampleFail());
  for (PodReport& pod : report->pods) pod.pod.uid = "u-" + pod.pod.name;
  (*sink)->publish(report, &report->checks.front());
  EXPECT_TRUE(eventually([&] { return !written().empty(); }));
  EXPECT_THAT(written(), Contains(HasSubstr(R"("reason":"RC201")")));
}

TEST_F(ApiThreads, AnApiThatHangsHoldsNobodyUp) {
  ScriptedHttp hanging([](const HttpRequest&, std::stop_token stop) -> Scripted {
    while (!stop.stop_requested()) std::this_thread::yield();
    return {.status = 0, .fails = Error{ErrorCode::kCancelled, "stopped"}};
  });
  auto sink =
      makeEventSink(clock_, hanging, "", account_.surroundings(), "a_1", [](const News&) {});
  ASSERT_TRUE(sink);
  auto report = std::make_shared<Report>(sampleFail());
  for (PodReport& pod : report->pods) pod.pod.uid = "u-" + pod.pod.name;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) (*sink)->publish(report, &report->checks.front());
  sink->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

}  // namespace
}  // namespace rollcall::k8s
