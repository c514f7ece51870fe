// The content volume: can it be written to and read from, and for how long still.
#include "daemon/core/check.h"

#include <unistd.h>

#include "checks/volume/judge.h"
#include "checks/volume/settings.h"
#include "daemon/content/content_dir.h"

namespace rollcall::checks {
namespace volume {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 10s;

class VolumeCheck final : public Check {
 public:
  explicit VolumeCheck(const Params& params)
      : folders_(foldersIn(params.text("folders"))),
        write_(params.flag("write")),
        limits_(limitsOf(params)) {}

  Result<Outcome> run(const CheckContext& context) override;

 private:
  std::vector<MountLook> look(const CheckContext& context) const;

  const std::vector<std::string> folders_;
  const bool write_;
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

Result<Outcome> VolumeCheck::run(const CheckContext& context) {
  Outcome outcome;
  if (!context.dir) {
    outcome.notApplicable = "no content folder is configured (content.path)";
    return outcome;
  }
  const std::vector<MountLook> looks = look(context);
  if (context.stop.stop_requested())
    return Error{ErrorCode::kCancelled, "stopped while the content volume was looked at"};
  const Place place{.pod = {}, .path = context.dir->path(), .user = ::geteuid(), .wrote = write_};
  Judgement judgement =
      judge(place, looks, limits_, trends_.note(place.pod, looks, context.clock.mono()));
  outcome.findings = std::move(judgement.findings);
  outcome.gaps = std::move(judgement.gaps);
  outcome.notes = std::move(judgement.notes);
  outcome.tally.volumes[place.pod] = judgement.facts;
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
