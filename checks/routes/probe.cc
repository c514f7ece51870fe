#include "checks/routes/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "daemon/ghost/routes.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::routes {
namespace {

constexpr std::size_t kProbesPerWhat = 2;

}  // namespace

void probe(const CheckContext& context, std::vector<Probe>& probes) {
  const auto batch = context.pods.batch(context.budget);
  for (Probe& one : probes) {
    PodRequest request;
    request.path = ghost::encodePath(one.path);
    request.reason = Reason::kSuspect;
    request.paced = true;
    request.maxBytes = 64u << 20;
    request.keepBytes = 1024;
    one.trouble = Error{ErrorCode::kDeadlineExceeded, "no time was left to ask for it"};
    batch->get(*one.pod, std::move(request), [&one](const Result<HttpResponse>& answer) {
      one.trouble.reset();
      if (!answer) {
        one.trouble = answer.error();
        return;
      }
      if (answer->status >= 500)
        one.trouble =
            Error{ErrorCode::kUnavailable, fmt::format("{} answers {}", one.path, answer->status)};
      one.routed = answer->status == 200 || answer->status == 400;
      const bool away = answer->status == 301 && answer->header("location").ends_with("/404/");
      one.notFound = answer->status == 404 || away;
    });
  }
  batch->drive(context.deadline, context.stop);
}

std::vector<Difference> proven(const CheckContext& context, const Pod& pod,
                               const std::vector<Difference>& differences,
                               std::optional<Gap>& gap) {
  std::map<Difference::What, std::size_t> asked;
  std::vector<Probe> probes;
  std::vector<std::size_t> probed;
  for (std::size_t i = 0; i < differences.size(); ++i)
    if (asked[differences[i].what]++ < kProbesPerWhat) {
      probes.push_back({&pod, differences[i].path});
      probed.push_back(i);
    }
  probe(context, probes);
  std::set<std::size_t> confirmed;
  std::set<Difference::What> refuted;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (probes[i].trouble) {
      gap = Gap{pod.name, "a page that its sitemaps make suspect", *probes[i].trouble};
      return {};
    }
    const Difference::What what = differences[probed[i]].what;
    const bool right =
        what == Difference::What::kUnknownRoute ? probes[i].notFound : probes[i].routed;
    if (right)
      confirmed.insert(probed[i]);
    else
      refuted.insert(what);
  }
  std::vector<Difference> wrong;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const bool unasked = std::ranges::find(probed, i) == probed.end();
    if (confirmed.contains(i) || (unasked && !refuted.contains(differences[i].what)))
      wrong.push_back(differences[i]);
  }
  return wrong;
}

}  // namespace rollcall::checks::routes
