// A name server that never answers. This program has its own getaddrinfo(), so that names ending in
// ".hang" are looked up for ever, and all others as usual.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <netdb.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "daemon/net/http_client.h"
#include "daemon/net/pod_sources.h"
#include "tests/support/hostile_server.h"

namespace {
std::atomic<int> hanging = 0;
}

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  if (node && std::string_view(node).ends_with(".hang")) {
    ++hanging;
    while (true) ::pause();
  }
  static const auto real =
      reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(node, service, hints, result);
}

namespace rollcall {
namespace {
using namespace std::chrono_literals;
using namespace testing_support;

TEST(SlowDns, delaysNobodyAndIsGivenUpInTime) {
  SystemClock clock;
  HostileServer server(answering(answer(200, "hello")));
  const auto start = clock.mono();
  bool goodFirst = false;
  std::string message;
  {
    const auto client = makeCurlClient(clock, "rollcall/test");
    const auto batch = client->batch({});
    HttpRequest request;
    request.url = "http://example.org/";
    request.connectHost = "pod-1.hang";
    request.connectPort = server.port();
    request.queue = "hang";
    request.timeout = 300ms;
    batch->add(request, [&](Result<HttpResponse> result) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, ErrorCode::kDeadlineExceeded);
      message = result.error().message;
    });
    request.connectHost = "127.0.0.1";
    request.queue = "well";
    batch->add(request, [&](Result<HttpResponse> result) {
      ASSERT_TRUE(result) << result.error().message;
      goodFirst = message.empty();
    });
    batch->drive(Deadline::after(clock, 60s), {});
  }
  EXPECT_EQ(message, "no answer within 300 ms (the name did not resolve in time)");
  EXPECT_TRUE(goodFirst);
  EXPECT_LT(clock.mono() - start, 30s);
  EXPECT_GE(hanging, 1) << "the lookup did not hang: the test shows nothing";
}

TEST(SlowDns, endsTheListingOfPodsInTime) {
  SystemClock clock;
  const auto pods = makeDnsPods(clock, "ghost.hang:2368", false);
  ASSERT_TRUE(pods);
  const auto topology = (*pods)->pods(Deadline::after(clock, 100ms));
  ASSERT_FALSE(topology);
  EXPECT_EQ(topology.error().code, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace rollcall
