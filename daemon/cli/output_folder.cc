#include "daemon/cli/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "daemon/cli/terminal.h"

namespace rollcall {
namespace {

// errno of what went wrong; 0 = it is on the disk.
int writeWhole(const std::string& path, std::string_view content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = writeAll(fd, content);
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

Result<void> writeFiles(const std::string& folder,
                        const std::vector<std::pair<std::string, std::string>>& files) {
  for (const auto& [name, content] : files) {
    const std::string path = folder + "/" + name;
    const std::string half = path + ".new";
    int error = writeWhole(half, content);
    if (error == 0 && std::rename(half.c_str(), path.c_str()) != 0) error = errno;
    if (error == 0) continue;
    ::unlink(half.c_str());
    return Error{ErrorCode::kUnavailable,
                 fmt::format("{} could not be written: {}", path, std::strerror(error))};
  }
  return {};
}

}  // namespace rollcall
