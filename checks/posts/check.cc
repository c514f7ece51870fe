// The roll itself: every published post and page, on every pod.
#include "daemon/core/check.h"

#include "daemon/roll/roll_call.h"

namespace rollcall::checks {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRestart =
    "restart the named pod (kubectl delete pod NAME); until then readers it serves see the fault";

const std::vector<FindingDef> kFindings = {
    {"RC201", Severity::kCritical, "a published post or page is missing on a pod",
     "The database says it is published and other pods serve it, but this pod answers 404. Up to "
     "Ghost 6.56 a pod learns routes only at boot and from changes made through itself.",
     kRestart},
    {"RC202", Severity::kCritical, "a published post or page redirects elsewhere on a pod",
     "The pod sends readers to another address: to /404/ with a one-year cache (6.56), or to an "
     "old "
     "slug. Browsers and CDNs keep such a redirect even after the pod is mended.",
     "restart the named pod (kubectl delete pod NAME), then purge the address at the CDN"},
    {"RC203", Severity::kCritical, "a post or page that is not public is served by a pod",
     "The database says draft, scheduled or sent, yet the pod renders the page to everyone.",
     kRestart},
    {"RC204", Severity::kCritical, "a pod declares another address for a post or page",
     "The pod answers at the right address, but its own links, feed and API name another one.",
     "restart the named pod; if routes.yaml was changed, upload it again or restart all pods"},
    {"RC205", Severity::kCritical, "a pod fails to render a post or page",
     "The pod answers an error for this page while its front page works.",
     "read the pod's log (kubectl logs NAME): the theme's template or the post's content fails"},
    {"RC211", Severity::kCritical, "a published post or page is missing on all pods",
     "No pod serves what the database calls published: routing or configuration, not one stale "
     "pod.",
     "compare routes.yaml and the permalinks with the address; then restart all pods"},
    {"RC212", Severity::kWarning, "a published post or page redirects elsewhere on all pods",
     "All pods agree on a redirect: redirects.yaml may hold a rule that hides the post on purpose.",
     "look for a rule in redirects.yaml or routes.yaml that covers the address"},
    {"RC213", Severity::kCritical, "a post or page that is not public is served by all pods",
     "Every pod renders what the database does not call published.",
     "unpublish it again through the admin, then restart all pods"},
    {"RC214", Severity::kWarning, "all pods declare another address for a post or page",
     "The pods answer where we ask, but all name another address: permalinks we do not know.",
     "give Rollcall the site's routes.yaml with --routes or --content"},
    {"RC215", Severity::kCritical, "all pods fail to render a post or page",
     "Every pod answers an error for this page while the front page works.",
     "read a pod's log: the theme's template or the post's content fails"},
};

const std::vector<ParamDef> kParams = {
    {"newest", std::int64_t{5}, "newest posts and pages really asked on every pod, each full run"},
    {"hidden", std::int64_t{2}, "newest unpublished ones asked, which must not answer"},
    {"sweep", std::int64_t{3}, "others really asked per full run, in turn"},
    {"recheck", std::int64_t{3}, "known wrong ones asked again per full run and pod"},
    {"api_every", Duration(5min), "how often the daemon reads each pod's Content API lists"},
};

class PostsCheck final : public Check {
 public:
  explicit PostsCheck(const Params& params) : roll_(settings(params)) {}
  Result<Outcome> run(const CheckContext& context) override { return roll_.run(context); }

 private:
  static roll::Settings settings(const Params& params) {
    roll::Settings settings;
    settings.types = {ResourceType::kPost, ResourceType::kPage};
    settings.views = true;
    settings.newest = params.count("newest");
    settings.hidden = params.count("hidden");
    settings.sweep = params.count("sweep");
    settings.recheck = params.count("recheck");
    settings.apiEvery = params.duration("api_every");
    settings.onePod = {&kFindings[0], &kFindings[1], &kFindings[2], &kFindings[3], &kFindings[4]};
    settings.allPods = {&kFindings[5], &kFindings[6], &kFindings[7], &kFindings[8], &kFindings[9]};
    return settings;
  }

  roll::RollCall roll_;
};

}  // namespace

const CheckSpec& postsSpec() {
  static const CheckSpec spec{
      .name = "posts",
      .summary = "every published post and page answers on every pod, and nothing else does",
      .needs = {Need::kPods, Need::kDatabase},
      .interval = 30s,
      .timeout = 60s,
      .onChange = true,
      .findings = kFindings,
      .params = kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<PostsCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
