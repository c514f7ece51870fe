#include "daemon/k8s/kube_pods.h"

#include <fmt/format.h>

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/k8s/collection.h"
#include "daemon/k8s/feed.h"
#include "daemon/k8s/inventory.h"
#include "daemon/k8s/json.h"
#include "daemon/k8s/watcher.h"

namespace rollcall {
namespace k8s {
namespace {

using nlohmann::json;

constexpr Duration kRhythm = std::chrono::milliseconds(500);
// More than any site has pods.
constexpr std::size_t kMaxObjects = 1000;

// What the watching threads write and the source's owner reads.
struct Known {
  Known(const Clock& theClock, PodRules rules) : clock(theClock), inventory(std::move(rules)) {}

  const Clock& clock;
  std::mutex mutex;
  Inventory inventory;
  Feed pods;
  std::optional<Feed> slices;  // when a Service is named
  std::stop_source settled;    // requested once nobody need wait for the first list any more

  // With `mutex` held.
  void settle() {
    const auto done = [](const Feed& feed) { return feed.isListed() || feed.isHopeless(); };
    if (done(pods) && (!slices || done(*slices))) settled.request_stop();
  }
};

struct PodKind {
  using Object = KubePod;
  static constexpr std::string_view kPlural = "pods";
  static Result<KubePod> read(const json& object) { return readPod(object); }
  static void drop(Inventory& inventory, const std::string& name) { inventory.dropPod(name); }
  static std::size_t count(const Inventory& inventory) { return inventory.podCount(); }
  static Feed& feed(Known& known) { return known.pods; }
};

struct SliceKind {
  using Object = EndpointSlice;
  static constexpr std::string_view kPlural = "EndpointSlices";
  static Result<EndpointSlice> read(const json& object) { return readEndpointSlice(object); }
  static void drop(Inventory& inventory, const std::string& name) { inventory.dropSlice(name); }
  static std::size_t count(const Inventory& inventory) { return inventory.sliceCount(); }
  static Feed& feed(Known& known) { return *known.slices; }
};

template <class Kind>
class Recorder final : public Listener {
 public:
  explicit Recorder(Known& known) : known_(known) {}

  void listBegins() override { list_.clear(); }
  std::optional<Error> page(const json& items) override {
    for (const json& item : items) {
      auto object = Kind::read(item);
      if (!object) return object.error();
      if (list_.size() == kMaxObjects) return tooMany();
      list_.push_back(std::move(*object));
    }
    return std::nullopt;
  }
  void listEnds() override {
    std::lock_guard lock(known_.mutex);
    known_.inventory.listed(std::move(list_));
    Kind::feed(known_).listed();
    list_.clear();
  }
  std::optional<Error> put(const json& object) override {
    auto one = Kind::read(object);
    if (!one) return one.error();
    std::lock_guard lock(known_.mutex);
    known_.inventory.put(std::move(*one));
    if (Kind::count(known_.inventory) > kMaxObjects) return tooMany();
    Kind::feed(known_).heard(known_.clock.wall());
    return std::nullopt;
  }
  std::optional<Error> dropped(const json& object) override {
    std::lock_guard lock(known_.mutex);
    Kind::drop(known_.inventory, textAt(object, {"metadata", "name"}));
    Kind::feed(known_).heard(known_.clock.wall());
    return std::nullopt;
  }
  void heard() override {
    std::lock_guard lock(known_.mutex);
    Kind::feed(known_).heard(known_.clock.wall());
    known_.settle();
  }
  void failed(const Error& error) override {
    std::lock_guard lock(known_.mutex);
    Kind::feed(known_).failed(error);
    known_.settle();
  }

 private:
  static Error tooMany() {
    return invalidArgument(fmt::format("more than {} {} match: make the selector narrower",
                                       kMaxObjects, Kind::kPlural));
  }

  Known& known_;
  std::vector<typename Kind::Object> list_;
};

// A thread that keeps one kind of object known.
template <class Kind>
class Watching {
 public:
  Watching(Known& known, ApiClient client)
      : recorder_(known), watcher_(known.clock, std::move(client), randomNumbers(), recorder_) {}
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { watcher_.run(stop); });
  }
  void requestStop() { thread_.request_stop(); }

 private:
  Recorder<Kind> recorder_;
  Watcher watcher_;
  std::jthread thread_;  // last: joined before what it uses goes away
};

class KubePods final : public PodSource {
 public:
  KubePods(const Clock& clock, HttpClient& http, const Cluster& cluster,
           const KubernetesConfig& config, bool tls)
      : known_(clock, {config.service, config.port, tls ? "https" : "http"}),
        pods_(known_, {clock, http, cluster, podsCollection(cluster.nameSpace, config.selector)}) {
    if (!config.service.empty()) {
      known_.slices.emplace();
      slices_.emplace(known_, ApiClient(clock, http, cluster,
                                        slicesCollection(cluster.nameSpace, config.service)));
      slices_->start();
    }
    pods_.start();
  }
  // Both at once, so that their ends do not add up.
  ~KubePods() override {
    pods_.requestStop();
    if (slices_) slices_->requestStop();
  }

  Result<Topology> pods(Deadline deadline) override {
    known_.clock.sleepUntil(deadline.when(), known_.settled.get_token());
    std::lock_guard lock(known_.mutex);
    if (!known_.pods.isListed())
      return known_.pods.failing().value_or(Error{
          ErrorCode::kDeadlineExceeded, "the Kubernetes API has not listed the pods in time"});
    Topology topology = known_.inventory.topology();
    if (known_.slices) addStale(topology, staleOfSlices());
    const std::string stale = known_.pods.stale();
    topology.old = !stale.empty();
    addStale(topology, stale);
    return topology;
  }
  Duration rhythm() const override { return kRhythm; }

 private:
  std::string staleOfSlices() const {
    if (known_.slices->isListed()) return known_.slices->stale();
    return fmt::format(
        "which pods get traffic is taken from the pods themselves: {}",
        known_.slices->failing() ? known_.slices->stale() : "the Service is not known yet");
  }
  static void addStale(Topology& topology, const std::string& why) {
    if (why.empty() || topology.stale == why) return;
    topology.stale = topology.stale.empty() ? why : why + "; " + topology.stale;
  }

  Known known_;
  Watching<PodKind> pods_;
  std::optional<Watching<SliceKind>> slices_;
};

}  // namespace
}  // namespace k8s

Result<std::unique_ptr<PodSource>> makeKubePods(const Clock& clock, HttpClient& http,
                                                const KubernetesConfig& config,
                                                const k8s::Surroundings& surroundings, bool tls) {
  Result<k8s::Cluster> cluster = k8s::locateCluster(surroundings, config.nameSpace);
  if (!cluster) return cluster.error();
  return std::unique_ptr<PodSource>(
      std::make_unique<k8s::KubePods>(clock, http, *cluster, config, tls));
}

}  // namespace rollcall
