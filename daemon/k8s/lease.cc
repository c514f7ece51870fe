#include "daemon/k8s/lease.h"

#include <nlohmann/json.hpp>

#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

constexpr long kLongestSeconds = 3600;
constexpr long kMostTransitions = 1'000'000'000;
constexpr std::chrono::seconds kReleasedFor{1};  // the API wants more than 0

json parsed(const Lease& lease) {
  // It was read before.
  return *readJson(lease.document);
}

void write(json& spec, const LeaseClaim& claim) {
  spec["holderIdentity"] = claim.holder;
  spec["leaseDurationSeconds"] =
      std::chrono::duration_cast<std::chrono::seconds>(claim.duration).count();
  spec["renewTime"] = microTime(claim.now);
}

}  // namespace

Result<Lease> readLease(std::string_view text) {
  const Result<json> document = readJson(text);
  if (!document) return document.error();
  Lease lease;
  lease.version = textAt(*document, {"metadata", "resourceVersion"});
  if (textAt(*document, {"kind"}) != "Lease" || lease.version.empty())
    return Error{ErrorCode::kProtocol, "the Kubernetes API's answer is no Lease"};
  lease.holder = textAt(*document, {"spec", "holderIdentity"});
  lease.duration = std::chrono::seconds(
      numberAt(*document, {"spec", "leaseDurationSeconds"}, 0, kLongestSeconds).value_or(0));
  lease.document = document->dump(-1, ' ', false, json::error_handler_t::replace);
  return lease;
}

std::string newLease(const std::string& name, const LeaseClaim& claim) {
  json document = {{"apiVersion", "coordination.k8s.io/v1"},
                   {"kind", "Lease"},
                   {"metadata", {{"name", name}}},
                   {"spec", {{"acquireTime", microTime(claim.now)}, {"leaseTransitions", 0}}}};
  write(document["spec"], claim);
  return document.dump();
}

std::string claimedLease(const Lease& lease, const LeaseClaim& claim) {
  json document = parsed(lease);
  json& spec = document["spec"];
  if (!spec.is_object()) spec = json::object();
  if (lease.holder != claim.holder) {
    spec["acquireTime"] = microTime(claim.now);
    spec["leaseTransitions"] =
        numberAt(spec, {"leaseTransitions"}, 0, kMostTransitions).value_or(0) + 1;
  }
  write(spec, claim);
  return document.dump();
}

std::string releasedLease(const Lease& lease, WallTime now) {
  json document = parsed(lease);
  write(document["spec"], {"", kReleasedFor, now});
  return document.dump();
}

}  // namespace rollcall::k8s
