#include "daemon/k8s/kube_pods.h"

#include <gmock/gmock.h>

#include <atomic>

#include "daemon/k8s/account_folder.h"
#include "daemon/k8s/scripted_http.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using k8s::Scripted;
using k8s::ScriptedHttp;
using testing::HasSubstr;

class KubePodsTest : public testing::Test {
 protected:
  // `lists` answers a list; every watch waits until it is stopped.
  std::unique_ptr<PodSource> source(std::function<Scripted(const HttpRequest&)> lists,
                                    const std::string& service = "") {
    http_ = std::make_unique<ScriptedHttp>(
        [this, lists](const HttpRequest& request, std::stop_token stop) {
          if (request.url.find("&watch=1") == std::string::npos) return lists(request);
          clock_.sleepUntil(clock_.mono() + 1h, stop);
          return Scripted{.status = 0, .fails = Error{ErrorCode::kCancelled, "stopped"}};
        });
    auto made = makeKubePods(clock_, *http_, {.selector = "app=ghost", .service = service},
                             account_.surroundings(), false);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  Deadline soon() const { return Deadline::after(clock_, 100ms); }
  Deadline late() const { return Deadline::after(clock_, 1min); }

  const SystemClock clock_;
  std::unique_ptr<HttpClient> http_;
  const k8s::AccountFolder account_;
};

bool isSlices(const HttpRequest& request) {
  return request.url.find("endpointslices") != std::string::npos;
}

TEST_F(KubePodsTest, theFirstCallWaitsForTheFirstList) {
  const auto pods = source([](const HttpRequest&) {
    return Scripted{.body = k8s::listOf({"a", "b"}, "7")};
  });
  const auto topology = pods->pods(late());
  ASSERT_TRUE(topology) << topology.error().message;
  EXPECT_EQ(topology->pods.size(), 2u);
  EXPECT_EQ(topology->stale, "");
  EXPECT_LT(pods->rhythm(), 1s);
}

TEST_F(KubePodsTest, theFirstCallWaitsForTheSlicesToo) {
  const auto pods = source(
      [](const HttpRequest& request) {
        return Scripted{.body = k8s::listOf(isSlices(request) ? std::vector<std::string>{"ghost-x"}
                                                              : std::vector<std::string>{"a"},
                                            "7")};
      },
      "ghost");
  const auto topology = pods->pods(late());
  ASSERT_TRUE(topology);
  ASSERT_EQ(topology->pods.size(), 1u);
  EXPECT_FALSE(topology->pods[0].ready) << "the slice does not name it";
  EXPECT_EQ(topology->stale, "");
}

TEST_F(KubePodsTest, theFirstCallGivesUpAtItsDeadlineAndSaysWhy) {
  const auto pods = source([](const HttpRequest&) {
    return Scripted{.status = 0, .fails = Error{ErrorCode::kUnavailable, "connection refused"}};
  });
  const auto topology = pods->pods(soon());
  ASSERT_FALSE(topology);
  EXPECT_THAT(topology.error().message, HasSubstr("connection refused"));
}

TEST_F(KubePodsTest, nobodyWaitsForARightThatIsMissing) {
  const auto pods = source([](const HttpRequest&) { return Scripted{.status = 403}; });
  const auto topology = pods->pods(late());
  ASSERT_FALSE(topology);
  EXPECT_EQ(topology.error().code, ErrorCode::kPermissionDenied);
}

TEST_F(KubePodsTest, moreMatchingPodsThanAnySiteHasAreRefused) {
  const auto pods = source([](const HttpRequest&) {
    std::vector<std::string> names;
    for (int i = 0; i <= 1000; ++i) names.push_back("pod-" + std::to_string(i));
    return Scripted{.body = k8s::listOf(names, "7")};
  });
  const auto topology = pods->pods(late());
  ASSERT_FALSE(topology);
  EXPECT_THAT(topology.error().message, HasSubstr("more than 1000 pods match"));
}

TEST_F(KubePodsTest, endsAtOnceInTheMiddleOfAWatch) {
  for (int i = 0; i < 20; ++i) {
    auto pods =
        source([](const HttpRequest&) { return Scripted{.body = k8s::listOf({}, "7")}; }, "ghost");
    ASSERT_TRUE(pods->pods(late()));
    pods.reset();
  }
}

}  // namespace
}  // namespace rollcall
