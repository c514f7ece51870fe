#include <fmt/format.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"
#include "daemon/core/version.h"
#include "daemon/net/http_client.h"

namespace rollcall {
namespace {

constexpr int kNotAlive = 1;  // what container engines take for "unhealthy"
constexpr Duration kPatience = std::chrono::seconds(3);

// What speaks against the daemon being alive; empty when nothing does.
std::string whyNotAlive(const Result<HttpResponse>& answer) {
  if (!answer) return answer.error().message;
  if (answer->status == 200) return "";
  return fmt::format("/livez answered {}: {}", answer->status, answer->body);
}

}  // namespace

int healthCommand(const std::string& address) {
  const SystemClock clock;
  const std::unique_ptr<HttpClient> http =
      makeCurlClient(clock, fmt::format("rollcall/{}", kVersion));
  HttpRequest request;
  request.url = fmt::format("http://{}/livez", address);
  request.maxBytes = 4096;
  request.timeout = kPatience;
  std::string problem = "it was not asked";
  const std::unique_ptr<HttpBatch> batch = http->batch({});
  batch->add(std::move(request),
             [&problem](Result<HttpResponse> answer) { problem = whyNotAlive(answer); });
  batch->drive(Deadline::after(clock, kPatience), {});
  if (!problem.empty()) {
    complain(fmt::format("the daemon at {} is not alive: {}", address, problem));
    return kNotAlive;
  }
  return printOut(fmt::format("the daemon at {} is alive\n", address)) ? kExitPass : kNotAlive;
}

}  // namespace rollcall
