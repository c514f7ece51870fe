// Objects of the Kubernetes API: whoever may make one in the namespace writes most of it.
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "daemon/k8s/endpoint_slice.h"
#include "daemon/k8s/inventory.h"
#include "daemon/k8s/json.h"
#include "daemon/k8s/kube_pod.h"
#include "daemon/k8s/lease.h"
#include "daemon/k8s/watch_event.h"
#include "daemon/k8s/workload_objects.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

// The objects of a list, or the one that there is.
std::vector<json> objectsOf(const json& document) {
  const json* items = listAt(document, {"items"});
  if (!items) return {document};
  return {items->begin(), items->end()};
}

void checkPod(const json& object, Inventory& inventory) {
  const Result<KubePod> pod = readPod(object);
  if (!pod) return FUZZ_HOLDS(fuzz::isFit(pod.error()));
  FUZZ_HOLDS(isName(pod->name) && !pod->uid.empty());
  FUZZ_HOLDS(pod->containers.size() <= 64 && pod->claims.size() <= 64);
  for (const char* wanted : {"", "http", "2368", "0"}) {
    const Result<GhostPort> port = ghostPort(*pod, wanted);
    if (!port) FUZZ_HOLDS(fuzz::isFit(port.error()));
    if (port) FUZZ_HOLDS(port->number != 0);
  }
  inventory.put(*pod);
}

void checkWorkload(const json& object) {
  if (const auto pod = readWorkloadPod(object, ""); !pod) FUZZ_HOLDS(fuzz::isFit(pod.error()));
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    const auto controller = readController(object, kind);
    if (!controller) FUZZ_HOLDS(fuzz::isFit(controller.error()));
    if (controller) FUZZ_HOLDS(isName(controller->name.name));
  }
  if (const auto scaler = readAutoscaler(object); !scaler) FUZZ_HOLDS(fuzz::isFit(scaler.error()));
  if (const auto claim = readClaim(object); !claim) FUZZ_HOLDS(fuzz::isFit(claim.error()));
}

void checkObjects(std::string_view text) {
  const Result<json> document = readJson(text);
  if (!document) return FUZZ_HOLDS(fuzz::isFit(document.error()));
  const Result<json> again = readJson(document->dump());
  FUZZ_HOLDS(again && *again == *document);
  Inventory byPods({});
  Inventory byService({.service = "ghost"});
  for (const json& object : objectsOf(*document)) {
    checkPod(object, byPods);
    checkPod(object, byService);
    checkWorkload(object);
    if (auto slice = readEndpointSlice(object); slice) {
      FUZZ_HOLDS(slice->endpoints.size() <= 1000);
      byService.put(std::move(*slice));
    } else {
      FUZZ_HOLDS(fuzz::isFit(slice.error()));
    }
  }
  for (const Inventory* each : {&byPods, &byService}) {
    const Topology topology = each->topology();
    FUZZ_HOLDS(fuzz::isShowable(topology.stale));
    std::string before;
    for (const Pod& pod : topology.pods) {
      FUZZ_HOLDS(before < pod.name && !pod.host.empty() && pod.port != 0);
      before = pod.name;
    }
  }
}

void checkLease(std::string_view text) {
  const Result<Lease> lease = readLease(text);
  if (!lease) return FUZZ_HOLDS(fuzz::isFit(lease.error()));
  FUZZ_HOLDS(lease->duration >= Duration::zero() && lease->duration <= std::chrono::hours(1));
  const LeaseClaim claim{"me", std::chrono::seconds(15), WallTime(std::chrono::hours(480'000))};
  const Result<Lease> claimed = readLease(claimedLease(*lease, claim));
  FUZZ_HOLDS(claimed && claimed->holder == "me" && claimed->duration == claim.duration);
  FUZZ_HOLDS(claimed->version == lease->version);
  const Result<Lease> released = readLease(releasedLease(*claimed, claim.now));
  FUZZ_HOLDS(released && released->holder.empty() && released->version == lease->version);
}

void checkWatch(std::string_view text, std::size_t piece) {
  std::vector<std::string> whole;
  std::vector<std::string> pieces;
  LineCutter one;
  LineCutter many;
  FUZZ_HOLDS(one.add(text, [&](std::string_view line) { return whole.emplace_back(line), true; }));
  for (std::size_t at = 0; at < text.size(); at += piece)
    FUZZ_HOLDS(many.add(text.substr(at, piece),
                        [&](std::string_view line) { return pieces.emplace_back(line), true; }));
  FUZZ_HOLDS(whole == pieces);
  const Collection collection = podsCollection("blog", "app=ghost");
  for (const std::string& line : whole) {
    const ApiResult<WatchEvent> event = readWatchEvent(line, collection);
    if (!event) FUZZ_HOLDS(fuzz::isFit(event.error().error));
    if (event) FUZZ_HOLDS(event->object && !event->version.empty() && event->version.size() <= 128);
  }
}

void checkRefusal(std::string_view retryAfter, std::string_view body) {
  const Collection collection = podsCollection("blog", "app=ghost");
  for (const int status : {400, 401, 403, 404, 409, 410, 429, 500, 503}) {
    const ApiError error = refusal(status, "list", collection, retryAfter, body);
    FUZZ_HOLDS(fuzz::isFit(error.error));
    FUZZ_HOLDS(error.rest >= Duration::zero() && error.rest <= std::chrono::hours(24));
  }
}

}  // namespace
}  // namespace rollcall::k8s

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::fuzz::Input input(data, size);
  switch (input.below(4)) {
    case 0:
      rollcall::k8s::checkObjects(input.rest());
      break;
    case 1:
      rollcall::k8s::checkLease(input.rest());
      break;
    case 2: {
      const std::size_t piece = 1 + input.below(64);
      rollcall::k8s::checkWatch(input.rest(), piece);
      break;
    }
    case 3: {
      const std::string_view retryAfter = input.until('\n');
      rollcall::k8s::checkRefusal(retryAfter, input.rest());
      break;
    }
  }
  return 0;
}
