#include "daemon/k8s/elector.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/k8s/scripted_http.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using k8s::Scripted;
using k8s::ScriptedHttp;
using nlohmann::json;

// A cluster with a Lease that nobody holds.
class ElectorTest : public testing::Test {
 protected:
  ElectorTest() {
    std::string pattern = testing::TempDir() + "elector-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    for (const char* name : {"token", "ca.crt"}) std::ofstream(folder_ + "/" + name) << "x";
    std::ofstream(folder_ + "/namespace") << "blog";
  }
  ~ElectorTest() override { std::filesystem::remove_all(folder_); }

  // Leads, and ends when `ending` answers; how often it was asked then.
  int requestsAtTheEnd(const std::function<Scripted(const HttpRequest&)>& ending) {
    std::atomic<bool> ends = false;
    std::atomic<int> asked = 0;
    ScriptedHttp http([&](const HttpRequest& request, std::stop_token) {
      if (!ends) return taken(request);
      ++asked;
      return ending(request);
    });
    auto leads = joinElection(clock_, http, "rollcall", {.host = "api", .accountFolder = folder_},
                              "a", [](const k8s::News&) {});
    EXPECT_TRUE(leads);
    for (int i = 0; i < 1000 && !(*leads)->leads(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE((*leads)->leads());
    ends = true;
    leads->reset();
    return asked;
  }
  Scripted taken(const HttpRequest& request) {
    if (request.method == Method::kPut) lease_ = json::parse(request.body);
    return {.body = lease_.dump()};
  }

  SystemClock clock_;
  std::string folder_;
  json lease_ =
      json::parse(R"({"kind": "Lease", "metadata": {"name": "rollcall", "resourceVersion": "1"},
                                "spec": {"holderIdentity": ""}})");
};

TEST_F(ElectorTest, givesTheLeaseBackWithOneRequest) {
  EXPECT_EQ(requestsAtTheEnd([this](const HttpRequest& request) { return taken(request); }), 1);
  EXPECT_EQ(lease_["spec"]["holderIdentity"], "");
}

TEST_F(ElectorTest, doesNotInsistWhenTheApiFails) {
  EXPECT_EQ(requestsAtTheEnd([](const HttpRequest&) { return Scripted{.status = 503}; }), 1);
}

TEST_F(ElectorTest, looksOnceMoreAfterAConflict) {
  const int asked = requestsAtTheEnd([this](const HttpRequest& request) {
    return request.method == Method::kPut ? Scripted{.status = 409}
                                          : Scripted{.body = lease_.dump()};
  });
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace rollcall
