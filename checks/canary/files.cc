#include "checks/canary/files.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::checks::canary {
namespace {

using namespace std::chrono_literals;

// Also when the run's own time is over or the program is to end.
constexpr Duration kToRemove = 1500ms;
constexpr std::string_view kServed = "/content/";  // in front of a path below the content folder

bool isGone(const Result<void>& removed) {
  return removed || removed.error().code == ErrorCode::kNotFound;
}

}  // namespace

CanaryFile::CanaryFile(ContentDir& dir, const Clock& clock, std::vector<std::string>& left)
    : dir_(dir),
      clock_(clock),
      left_(left),
      name_(dir.newCanaryName()),
      path_(fmt::format("{}/{}", kFolder, name_)) {}

CanaryFile::~CanaryFile() {
  if (mayBeThere_ && !isGone(dir_.remove(path_, Deadline::after(clock_, kToRemove))))
    left_.push_back(path_);
}

// A child that was ended may have got as far as creating it.
Result<WallTime> CanaryFile::create(const std::string& text, Deadline deadline) {
  mayBeThere_ = true;
  auto created = dir_.create(path_, text, deadline);
  if (!created && created.error().code != ErrorCode::kDeadlineExceeded) mayBeThere_ = false;
  return created;
}

Result<WallTime> CanaryFile::overwrite(const std::string& text, Deadline deadline) {
  return dir_.overwrite(path_, text, deadline);
}

Result<void> CanaryFile::remove(Deadline deadline) {
  auto removed = dir_.remove(path_, deadline);
  if (isGone(removed)) mayBeThere_ = false;
  return removed;
}

Result<bool> CanaryFile::isThere(std::size_t size, Deadline deadline) {
  const auto facts = dir_.stat({path_}, deadline);
  if (!facts) return facts.error();
  const Result<FileFacts>& file = facts->front();
  if (file) return file->size == size;
  if (file.error().code == ErrorCode::kNotFound) return false;
  return file.error();
}

void UploadedFiles::add(std::string path) {
  if (!dir_ || !path.starts_with(kServed)) return;
  path.erase(0, kServed.size());
  paths_.push_back(std::move(path));
}

std::size_t UploadedFiles::removeAll() {
  if (!dir_ || paths_.empty()) return 0;
  const Deadline deadline = Deadline::after(clock_, kToRemove);
  sweepBeside(paths_.front(), deadline);
  std::erase_if(paths_,
                [&](const std::string& path) { return isGone(dir_->remove(path, deadline)); });
  return std::exchange(paths_, {}).size();
}

// What a Rollcall that crashed left there.
void UploadedFiles::sweepBeside(const std::string& path, Deadline deadline) {
  const auto facts = dir_->stat({path}, deadline);
  if (!facts || !facts->front()) return;
  (void)dir_->sweep(path.substr(0, path.rfind('/')), facts->front()->changed, deadline);
}

}  // namespace rollcall::checks::canary
