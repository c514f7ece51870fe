#include "daemon/agent/volume_agent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace rollcall {
namespace {

constexpr Duration kLongestLook = std::chrono::seconds(25);

// The first of a steady rhythm that is not past.
MonoTime nextOf(MonoTime began, Duration interval, MonoTime now) {
  MonoTime next = began + interval;
  while (next < now) next += interval;
  return next;
}

std::string troubleIn(const FolderLook& look) {
  if (!look.begun) return look.folder + ": there was no time to look";
  if (look.step == ProbeStep::kDone) return "";
  if (look.differs) return look.folder + ": what is read back is not what was written";
  if (look.error == 0) return fmt::format("{}: {} took too long", look.folder, name(look.step));
  return fmt::format("{}: {}: {}", look.folder, name(look.step), std::strerror(look.error));
}

}  // namespace

VolumeAgent::VolumeAgent(const Clock& clock, ContentDir& dir, AgentSettings settings)
    : clock_(clock), dir_(dir), settings_(std::move(settings)) {}

void VolumeAgent::run(const std::stop_token& stop,
                      const std::function<void(const std::vector<MountLook>&)>& onLook) {
  while (!stop.stop_requested()) {
    const MonoTime began = clock_.mono();
    std::vector<MountLook> mounts =
        dir_.probe({.folders = settings_.folders}, Deadline(began + kLongestLook), stop);
    if (stop.stop_requested()) return;  // it was cut short
    const MonoTime ended = clock_.mono();
    onLook(mounts);
    {
      const std::lock_guard lock(mutex_);
      std::vector<MountLook> before = last_ ? std::move(last_->mounts) : std::vector<MountLook>();
      last_ = Look{began, ended, std::move(mounts), std::move(before)};
    }
    clock_.sleepUntil(nextOf(began, settings_.interval, clock_.mono()), stop);
  }
}

std::optional<VolumeReport> VolumeAgent::report() const {
  const std::lock_guard lock(mutex_);
  if (!last_) return std::nullopt;
  const MonoTime now = clock_.mono();
  return VolumeReport{settings_.folder,   ::geteuid(),   settings_.interval, now - last_->began,
                      now - last_->ended, last_->mounts, last_->before};
}

std::string troubleIn(const std::vector<MountLook>& looks) {
  std::vector<std::string> parts;
  for (const MountLook& look : looks) {
    if (look.error) parts.push_back(look.error->message);
    if (look.hungSince)
      parts.push_back(
          fmt::format("{} hangs since {}", look.mount.point, formatTime(*look.hungSince)));
    if (look.error || look.hungSince) continue;
    for (const FolderLook& folder : look.folders)
      if (std::string trouble = troubleIn(folder); !trouble.empty())
        parts.push_back(std::move(trouble));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace rollcall
