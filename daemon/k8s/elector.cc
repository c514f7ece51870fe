#include "daemon/k8s/elector.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "daemon/k8s/api_client.h"
#include "daemon/k8s/election.h"

namespace rollcall {
namespace k8s {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(4);  // two of them fit into a renewal
constexpr Duration kReleaseTimeout = std::chrono::milliseconds(1'500);
constexpr int kMaxReleases = 3;  // requests
constexpr Wish kWish{"a Lease is to decide which replica leads", "leave the Lease out"};

class Elector final : public Leadership {
 public:
  Elector(const Clock& clock, HttpClient& http, const Cluster& cluster, const std::string& lease,
          const std::string& identity, Tell tell)
      : clock_(clock),
        lease_(lease),
        tell_(std::move(tell)),
        client_(clock, http, cluster, leasesCollection(cluster.nameSpace)),
        election_(lease, identity, randomNumbers()),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  bool leads() const override { return clock_.mono().time_since_epoch().count() < until_; }

 private:
  static constexpr Duration::rep kNever = std::numeric_limits<Duration::rep>::min();

  void run(const std::stop_token& stop) {
    while (clock_.sleepUntil(election_.nextAt(), stop)) {
      send(election_.next(clock_.wall()), Deadline::after(clock_, kTimeout), stop);
      if (stop.stop_requested()) break;
      until_ = election_.leadsUntil() ? election_.leadsUntil()->time_since_epoch().count() : kNever;
      for (const News& news : election_.takeNews(clock_.mono())) tell_(news);
    }
    until_ = kNever;
    release();
  }

  // Only another's write in between is worth another try.
  void release() {
    const Deadline deadline = Deadline::after(clock_, kReleaseTimeout);
    for (int sent = 0; sent < kMaxReleases && !deadline.passed(clock_); ++sent) {
      const auto request = election_.release(clock_.wall());
      if (!request || !send(*request, deadline, {})) return;
    }
  }

  // Whether it was answered, be it that another was faster.
  bool send(const Election::Request& request, Deadline deadline, const std::stop_token& stop) {
    const MonoTime sent = clock_.mono();
    const ApiResult<std::string> answer = ask(request, deadline, stop);
    election_.answered(request.ask, sent, clock_.mono(), answer);
    return answer || answer.error().conflict;
  }

  ApiResult<std::string> ask(const Election::Request& request, Deadline deadline,
                             const std::stop_token& stop) {
    switch (request.ask) {
      case Election::Ask::kRead:
        return client_.get(lease_, deadline, stop);
      case Election::Ask::kCreate:
        return client_.create(request.body, deadline, stop);
      case Election::Ask::kUpdate:
        return client_.replace(lease_, request.body, deadline, stop);
    }
    std::abort();
  }

  const Clock& clock_;
  const std::string lease_;
  const Tell tell_;
  ApiClient client_;
  Election election_;
  std::atomic<Duration::rep> until_ = kNever;
  std::jthread thread_;  // last: joined before what it uses goes away
};

}  // namespace
}  // namespace k8s

std::string makeIdentity() {
  std::array<char, 254> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host.data(), random(), random());
}

Result<std::unique_ptr<Leadership>> joinElection(const Clock& clock, HttpClient& http,
                                                 const std::string& lease,
                                                 const k8s::Surroundings& surroundings,
                                                 const std::string& identity, Tell tell) {
  const Result<k8s::Cluster> cluster = k8s::locateCluster(surroundings, "", k8s::kWish);
  if (!cluster) return cluster.error();
  return std::unique_ptr<Leadership>(
      std::make_unique<k8s::Elector>(clock, http, *cluster, lease, identity, std::move(tell)));
}

}  // namespace rollcall
