// A child process that reads one file or folder and is the only one to touch the volume it is on.
#pragma once

#include <sys/types.h>

#include <string>

#include "daemon/content/content_dir.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// What the child asks the system for and how it is ended; tests put a volume that hangs here.
struct ChildCalls {
  // In the child: must be async-signal-safe.
  int (*open)(const char* path, int flags);
  void (*end)(pid_t child);
};
ChildCalls systemCalls();

// A folder comes as one record per entry: the letter of its kind, its size in decimal, '/', its
// name, and a NUL.
enum class Wanted { kFile, kFolder };
inline constexpr char kFileLetter = 'f', kFolderLetter = 'd', kDanglingLetter = 'l',
                      kOtherLetter = 'o', kUnknownLetter = 'u';

// Owns a running child. Thread-compatible.
class ReadingChild {
 public:
  // Starts a child that reads `path`; an Error when the system has no process or descriptor left.
  static Result<ReadingChild> start(const std::string& path, Wanted wanted, std::size_t maxBytes,
                                    const ChildCalls& calls);
  ReadingChild(ReadingChild&& other) noexcept;
  ReadingChild& operator=(ReadingChild&&) = delete;
  // Ends the child; does not wait for it.
  ~ReadingChild();

  // The file, or the folder's records. Ends the child when it is not done by `deadline`.
  Result<ContentFile> content(const Clock& clock, Deadline deadline);
  // Looks whether the child is gone, without waiting. A child that hangs in the kernel stays.
  bool gone();

 private:
  ReadingChild(pid_t pid, int exit, int pipe, std::string path, Wanted wanted, std::size_t maxBytes,
               const ChildCalls& calls);
  bool receive(const Clock& clock, Deadline deadline, std::string& received);
  bool exited(const Clock& clock, Deadline deadline);
  Result<ContentFile> judge(std::string received) const;

  pid_t pid_;
  int exit_;  // readable once the child has ended
  int pipe_;  // the file's time and then its content come out of it
  std::string path_;
  Wanted wanted_;
  std::size_t maxBytes_;
  ChildCalls calls_;
  bool gone_ = false;
  int status_ = 0;  // of waitpid, once gone
};

}  // namespace rollcall
