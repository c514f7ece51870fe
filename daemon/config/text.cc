#include "daemon/config/text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rollcall {
namespace {

constexpr std::size_t kMaxShown = 80;
constexpr std::size_t kMaxSecretBytes = 4096;
constexpr int kPipeWaitMs = 5000;

// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

class File {
 public:
  explicit File(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error systemError(int code) {
  const ErrorCode kind = code == ENOENT   ? ErrorCode::kNotFound
                         : code == EACCES ? ErrorCode::kPermissionDenied
                                          : ErrorCode::kInvalidArgument;
  if (code == ENOENT) return {kind, "there is no such file"};
  if (code == EACCES) return {kind, "the file may not be read by this user"};
  return {kind, fmt::format("cannot be read: {}", std::strerror(code))};
}

}  // namespace

std::string shown(std::string_view text) {
  std::string hidden;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto scheme = text.find("://");
    hidden = scheme < at ? std::string(text.substr(0, scheme + 3)) : "";
    hidden += "***";
    hidden += text.substr(at);
    text = hidden;
  }
  std::string result = "\"";
  for (const char c : text.substr(0, kMaxShown)) result += c >= ' ' && c <= '~' ? c : '?';
  result += text.size() > kMaxShown ? "...\"" : "\"";
  return result;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kMaxShown) return {};
  std::string_view best;
  std::size_t bestDistance = 1 + std::max<std::size_t>(1, word.size() / 3);
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = distance(word, candidate);
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  if (!best.empty() || word.size() < 3) return best;
  for (const std::string_view candidate : candidates)
    if (candidate.starts_with(word)) return candidate;
  return {};
}

std::string didYouMean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? "" : fmt::format(", did you mean \"{}\"?", best);
}

std::string durationText(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (ms == 0) return "0s";
  if (ms % 86'400'000 == 0) return fmt::format("{}d", ms / 86'400'000);
  if (ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0) return fmt::format("{}m", ms / 60'000);
  if (ms % 1000 == 0) return fmt::format("{}s", ms / 1000);
  return fmt::format("{}ms", ms);
}

Result<std::string> readSmallFile(const std::string& path, std::size_t maxBytes) {
  const File file(path);
  if (file.fd() < 0) return systemError(errno);
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return systemError(errno);
  if (S_ISDIR(status.st_mode)) return invalidArgument("is a folder, not a file");
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
    return invalidArgument("is not a regular file");
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(file.fd(), buffer, sizeof buffer);
    if (got == 0) return content;
    if (got > 0) {
      content.append(buffer, static_cast<std::size_t>(got));
      if (content.size() > maxBytes)
        return invalidArgument(fmt::format("is larger than the {} bytes allowed", maxBytes));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return systemError(errno);
    pollfd waiting{file.fd(), POLLIN, 0};
    if (::poll(&waiting, 1, kPipeWaitMs) == 0)
      return invalidArgument("is a pipe that says nothing");
  }
}

Result<std::string> readSecretFile(const std::string& path) {
  Result<std::string> content = readSmallFile(path, kMaxSecretBytes);
  if (!content) return content;
  std::string& secret = *content;
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return invalidArgument("the file is empty");
  if (secret.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
    return invalidArgument("the file must hold one line of text and nothing else");
  return content;
}

}  // namespace rollcall
