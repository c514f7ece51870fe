// The content volume: can it be written to and read from, and for how long still.
#include "daemon/core/check.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "checks/volume/agents.h"
#include "checks/volume/comparison.h"
#include "checks/volume/settings.h"
#include "daemon/content/content_dir.h"
#include "daemon/content/volume_folders.h"

namespace rollcall::checks {
namespace volume {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 10s;

class VolumeCheck final : public Check {
 public:
  explicit VolumeCheck(const Params& params)
      : folders_(parseFolders(params.text("folders")).value()),
        write_(params.flag("write")),
        agentPort_(static_cast<std::uint16_t>(params.count("agent_port"))),
        limits_(limitsOf(params)) {}

  Result<Outcome> run(const CheckContext& context) override;

 private:
  std::vector<MountLook> look(const CheckContext& context) const;
  View ownView(const CheckContext& context);
  std::vector<View> agentViews(const CheckContext& context, std::vector<Gap>& gaps);

  const std::vector<std::string> folders_;
  const bool write_;
  const std::uint16_t agentPort_;  // 0: there are none
  const Limits limits_;
  Trends trends_;
};

// Twice before it is called slow. The first look may take half of the time, and as long as it needs
// to tell what hangs from what is slow.
std::vector<MountLook> VolumeCheck::look(const CheckContext& context) const {
  VolumeQuestion question{.folders = folders_, .write = write_, .patience = kPatience};
  const Duration most = std::max(context.deadline.left(context.clock) / 2, kPatience + 1s);
  std::vector<MountLook> looks =
      context.dir->probe(question, context.deadline.atMost(context.clock, most), context.stop);
  question.folders = doubtful(looks, limits_);
  if (question.folders.empty() || context.stop.stop_requested()) return looks;
  return confirmed(std::move(looks), context.dir->probe(question, context.deadline, context.stop),
                   limits_);
}

View VolumeCheck::ownView(const CheckContext& context) {
  View view{.place = {.pod = {}, .path = context.dir->path(), .user = ::geteuid(), .wrote = write_},
            .looks = look(context),
            .forecasts = {}};
  view.forecasts = trends_.note(view.place.pod, view.looks, context.clock.mono());
  return view;
}

std::vector<View> VolumeCheck::agentViews(const CheckContext& context, std::vector<Gap>& gaps) {
  std::vector<View> views;
  for (const AgentAnswer& answer : askAgents(context, agentPort_)) {
    const std::string& pod = answer.pod->name;
    if (!answer.report) {
      gaps.push_back({pod, "the volume agent at " + answer.address, answer.report.error()});
      continue;
    }
    View view;
    view.place.pod = pod;
    view.place.path = answer.report->folder;
    view.place.user = answer.report->user;
    view.looks = confirmedByAgent(*answer.report, limits_);
    view.forecasts = trends_.note(pod, view.looks, context.clock.mono());
    views.push_back(std::move(view));
  }
  return views;
}

Result<Outcome> VolumeCheck::run(const CheckContext& context) {
  if (!context.dir && agentPort_ == 0) {
    Outcome outcome;
    outcome.notApplicable =
        "neither a content folder (content.path) nor agents (checks.volume.agent_port) are "
        "configured";
    return outcome;
  }
  const std::size_t pods =
      static_cast<std::size_t>(std::ranges::count_if(context.topology.pods, &Pod::mayBeBlamed));
  if (!context.dir && pods == 0)
    return Error{ErrorCode::kUnavailable, "no pod is known whose agent could be asked"};
  std::vector<Gap> gaps;
  std::vector<View> views;
  if (agentPort_ != 0) views = agentViews(context, gaps);
  if (context.dir && !context.stop.stop_requested()) views.push_back(ownView(context));
  if (context.stop.stop_requested())
    return Error{ErrorCode::kCancelled, "stopped while the content volume was looked at"};
  Outcome outcome = compare(views, limits_, pods);
  std::ranges::move(gaps, std::back_inserter(outcome.gaps));
  return outcome;
}

}  // namespace
}  // namespace volume

const CheckSpec& volumeSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "volume",
      .summary = "the content volume can be written to and read from, and has room",
      .needs = {},
      .interval = 30s,
      .timeout = 25s,
      .onChange = false,
      .findings = volume::findings(),
      .params = volume::params(),
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<volume::VolumeCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
