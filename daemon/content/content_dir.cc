#include "daemon/content/content_dir.h"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <utility>

#include "daemon/content/content_dir_calls.h"
#include "daemon/content/reading_child.h"

namespace rollcall {
namespace {

// A relative path that stays below its folder. Symbolic links are left to the volume: Kubernetes
// mounts single files through them.
bool staysInside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos)
    return false;
  while (true) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

class ForkingContentDir final : public ContentDir {
 public:
  ForkingContentDir(const Clock& clock, std::string folder, const ChildCalls& calls)
      : clock_(clock), folder_(std::move(folder)), calls_(calls) {}

  Result<std::string> read(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    auto found = file(path, maxBytes, deadline);
    if (!found) return found.error();
    return std::move(found->text);
  }

  Result<ContentFile> file(std::string_view path, std::size_t maxBytes,
                           Deadline deadline) override {
    if (!staysInside(path))
      return invalidArgument(
          fmt::format("\"{}\" is no path below the content folder {}", path, folder_));
    const std::unique_lock lock(busy_, deadline.left(clock_));
    if (!lock.owns_lock())
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the content folder {} is busy with an earlier read", folder_)};
    if (hanging_ && !hanging_->gone())
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the volume of the content folder {} hangs since {}", folder_,
                               formatTime(hangingSince_))};
    hanging_.reset();

    auto child = ReadingChild::start(fmt::format("{}/{}", folder_, path), maxBytes, calls_);
    if (!child) return child.error();
    const WallTime began = clock_.wall();
    Result<ContentFile> content = child->content(clock_, deadline);
    if (!child->gone()) {
      hanging_.emplace(std::move(*child));
      hangingSince_ = began;
    }
    return content;
  }

 private:
  const Clock& clock_;
  const std::string folder_;
  const ChildCalls calls_;
  std::timed_mutex busy_;  // guards what follows; held while a child is asked
  std::optional<ReadingChild> hanging_;
  WallTime hangingSince_{};
};

}  // namespace

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder) {
  return makeContentDir(clock, std::move(folder), systemCalls());
}

std::unique_ptr<ContentDir> makeContentDir(const Clock& clock, std::string folder,
                                           const ChildCalls& calls) {
  return std::make_unique<ForkingContentDir>(clock, std::move(folder), calls);
}

}  // namespace rollcall
