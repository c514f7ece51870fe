// The files this check has on the content volume for a moment.
#pragma once

#include <string>
#include <vector>

#include "daemon/content/content_dir.h"
#include "daemon/core/clock.h"

namespace rollcall::checks::canary {

// Where Ghost keeps images, below the content folder.
inline constexpr std::string_view kFolder = "images";

// A canary. Whatever happens it is removed when this goes out of scope, in 1.5 s at most; where
// that fails its path is added to `left`. Everything is borrowed.
class CanaryFile {
 public:
  CanaryFile(ContentDir& dir, const Clock& clock, std::vector<std::string>& left);
  CanaryFile(const CanaryFile&) = delete;
  CanaryFile& operator=(const CanaryFile&) = delete;
  ~CanaryFile();

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }  // below the content folder
  Result<WallTime> create(const std::string& text, Deadline deadline);
  Result<WallTime> overwrite(const std::string& text, Deadline deadline);
  Result<void> remove(Deadline deadline);
  // Whether it is there, in this size.
  Result<bool> isThere(std::size_t size, Deadline deadline);

 private:
  ContentDir& dir_;
  const Clock& clock_;
  std::vector<std::string>& left_;
  const std::string name_;
  const std::string path_;
  bool mayBeThere_ = false;
};

// What was uploaded through pods, removed likewise. Without a content folder it stays.
class UploadedFiles {
 public:
  UploadedFiles(ContentDir* dir, const Clock& clock) : dir_(dir), clock_(clock) {}
  UploadedFiles(const UploadedFiles&) = delete;
  UploadedFiles& operator=(const UploadedFiles&) = delete;
  ~UploadedFiles() { removeAll(); }

  // `path` below the site: "/content/images/2026/11/NAME".
  void add(std::string path);
  // How many are still there.
  std::size_t removeAll();

 private:
  void sweepBeside(const std::string& path, Deadline deadline);

  ContentDir* dir_;
  const Clock& clock_;
  std::vector<std::string> paths_;  // below the content folder
};

}  // namespace rollcall::checks::canary
