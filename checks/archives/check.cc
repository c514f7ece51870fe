// Tag and author pages: those that must answer, and those that must not.
#include "daemon/core/check.h"

#include "daemon/roll/roll_call.h"

namespace rollcall::checks {
namespace {

using namespace std::chrono_literals;

const std::vector<FindingDef> kFindings = {
    {"RC301", Severity::kCritical, "a tag or author page is missing on a pod",
     "The tag or author has published posts and other pods serve its page; this pod answers 404.",
     "restart the named pod (kubectl delete pod NAME)"},
    {"RC302", Severity::kCritical, "a tag or author page redirects elsewhere on a pod",
     "The pod sends readers of the archive to another address.",
     "restart the named pod (kubectl delete pod NAME), then purge the address at the CDN"},
    {"RC303", Severity::kWarning, "an archive without public posts is served by a pod",
     "The tag or author has no published post, so Ghost answers 404 for it; this pod does not.",
     "restart the named pod (kubectl delete pod NAME)"},
    {"RC305", Severity::kCritical, "a pod fails to render a tag or author page",
     "The pod answers an error for this page while its front page works.",
     "read the pod's log (kubectl logs NAME): the theme's tag or author template fails"},
    {"RC311", Severity::kWarning, "a tag or author page is missing on all pods",
     "No pod serves the archive: the taxonomy may be switched off or moved in routes.yaml.",
     "give Rollcall the site's routes.yaml with --routes or --content, or mend the taxonomies"},
    {"RC312", Severity::kWarning, "a tag or author page redirects elsewhere on all pods",
     "All pods agree on the redirect: a rule in redirects.yaml or routes.yaml covers the archive.",
     "look for a rule in redirects.yaml or routes.yaml that covers the address"},
    {"RC313", Severity::kWarning, "an archive without public posts is served by all pods",
     "The tag or author has no published post, yet every pod serves a page for it.",
     "look for a static route or a page of the same address"},
    {"RC315", Severity::kCritical, "all pods fail to render a tag or author page",
     "Every pod answers an error for this page while the front page works.",
     "read a pod's log: the theme's tag or author template fails"},
};

const std::vector<ParamDef> kParams = {
    {"newest", std::int64_t{2}, "most recently changed tags and authors asked in each full run"},
    {"hidden", std::int64_t{1}, "newest ones without public posts asked, which must not answer"},
    {"sweep", std::int64_t{2}, "others asked per full run, in turn"},
    {"recheck", std::int64_t{2}, "known wrong ones asked again per full run and pod"},
};

class ArchivesCheck final : public Check {
 public:
  explicit ArchivesCheck(const Params& params) : roll_(settings(params)) {}
  Result<Outcome> run(const CheckContext& context) override { return roll_.run(context); }

 private:
  static roll::Settings settings(const Params& params) {
    roll::Settings settings;
    settings.types = {ResourceType::kTag, ResourceType::kAuthor};
    settings.newest = params.count("newest");
    settings.hidden = params.count("hidden");
    settings.sweep = params.count("sweep");
    settings.recheck = params.count("recheck");
    settings.onePod = {.missing = &kFindings[0],
                       .moved = &kFindings[1],
                       .served = &kFindings[2],
                       .error = &kFindings[3]};
    settings.allPods = {.missing = &kFindings[4],
                        .moved = &kFindings[5],
                        .served = &kFindings[6],
                        .error = &kFindings[7]};
    return settings;
  }

  roll::RollCall roll_;
};

}  // namespace

const CheckSpec& archivesSpec() {
  static const CheckSpec spec{
      .name = "archives",
      .summary = "tag and author pages that must answer do, those that must not do not",
      .needs = {Need::kPods, Need::kDatabase},
      .interval = 60s,
      .timeout = 60s,
      .onChange = true,
      .findings = kFindings,
      .params = kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<ArchivesCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
