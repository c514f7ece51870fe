#include "daemon/content/reading.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

namespace rollcall {
namespace {

using std::chrono::milliseconds;

// The child's exit status is 0, an errno, or one of these.
constexpr int kNotAsWanted = 250;
constexpr int kTooLarge = 251;

// A folder comes as one record per entry: the letter of its kind, its size in decimal, '/', its
// name, and a NUL.
constexpr char kFileLetter = 'f', kFolderLetter = 'd', kDanglingLetter = 'l', kOtherLetter = 'o',
               kUnknownLetter = 'u';
constexpr char kRemoved = '\0';  // since the folder was read: no entry any more

// What comes before the content.
struct Head {
  std::int64_t changedMs;  // since the epoch
};
struct StatRecord {
  std::int32_t error = 0;
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
  std::int64_t changedMs = 0;
};

std::int64_t changedMsOf(const struct stat& info) {
  return info.st_mtim.tv_sec * std::int64_t{1000} + info.st_mtim.tv_nsec / 1'000'000;
}

int sendFile(int file, std::size_t maxBytes, int pipe) {
  char buffer[16 * 1024];
  std::size_t total = 0;
  while (true) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    total += static_cast<std::size_t>(got);
    if (total > maxBytes) return kTooLarge;
    if (!writeAll(pipe, buffer, static_cast<std::size_t>(got))) return EPIPE;
  }
}

char letterOf(int folder, const char* name, struct stat& info) {
  if (::fstatat(folder, name, &info, 0) == 0) {
    if (S_ISREG(info.st_mode)) return kFileLetter;
    return S_ISDIR(info.st_mode) ? kFolderLetter : kOtherLetter;
  }
  // Only these say that a link leads nowhere; all others that nobody knows.
  const bool nowhere = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
  if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? kRemoved : kUnknownLetter;
  return nowhere && S_ISLNK(info.st_mode) ? kDanglingLetter : kUnknownLetter;
}

// One record; false when nobody takes it. No stdio: this is a forked child of a process with
// threads.
bool sendEntry(int folder, const char* name, std::size_t& total, int pipe) {
  struct stat info {};
  const char letter = letterOf(folder, name, info);
  if (letter == kRemoved) return true;
  char head[24];
  char* at = head + sizeof head;
  *--at = '/';
  auto size = letter == kFileLetter ? static_cast<std::uint64_t>(info.st_size) : 0;
  do {
    *--at = static_cast<char>('0' + size % 10);
    size /= 10;
  } while (size > 0);
  *--at = letter;
  const auto headBytes = static_cast<std::size_t>(head + sizeof head - at);
  const auto nameBytes = std::strlen(name) + 1;
  total += headBytes + nameBytes;
  return writeAll(pipe, at, headBytes) && writeAll(pipe, name, nameBytes);
}

// The system call itself: the C library's readdir() allocates.
int sendFolder(int folder, std::size_t maxBytes, int pipe) {
  alignas(dirent64) char buffer[16 * 1024];
  std::size_t total = 0;
  while (true) {
    const long got = ::syscall(SYS_getdents64, folder, buffer, sizeof buffer);
    if (got < 0) return errno;
    if (got == 0) return 0;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const char* name = entry->d_name;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      if (!sendEntry(folder, name, total, pipe)) return EPIPE;
      if (total > maxBytes) return kTooLarge;
    }
  }
}

EntryKind kindOfLetter(char letter) {
  if (letter == kFileLetter) return EntryKind::kFile;
  if (letter == kFolderLetter) return EntryKind::kFolder;
  if (letter == kUnknownLetter) return EntryKind::kUnknown;
  return letter == kDanglingLetter ? EntryKind::kDanglingLink : EntryKind::kOther;
}

EntryKind kindOfMode(std::uint32_t mode) {
  if (S_ISREG(mode)) return EntryKind::kFile;
  return S_ISDIR(mode) ? EntryKind::kFolder : EntryKind::kOther;
}

ErrorCode codeOf(int number) {
  if (number == ENOENT || number == ENOTDIR) return ErrorCode::kNotFound;
  if (number == EACCES || number == EPERM) return ErrorCode::kPermissionDenied;
  if (number == ENAMETOOLONG || number == EEXIST) return ErrorCode::kInvalidArgument;
  return ErrorCode::kUnavailable;
}

}  // namespace

Error pathError(std::string_view verb, std::string_view path, int number) {
  return {codeOf(number), fmt::format("cannot {} {}: {}", verb, path, std::strerror(number))};
}

// Not waiting for a writer, should the file be a pipe.
int readPath(const ReadWork& work, int pipe, const ChildCalls& calls) {
  const int file = calls.open(work.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return errno;
  struct stat info {};
  if (::fstat(file, &info) != 0) return errno;
  const bool isFolder = work.wanted == Wanted::kFolder;
  if (isFolder ? !S_ISDIR(info.st_mode) : !S_ISREG(info.st_mode)) return kNotAsWanted;
  const Head head{changedMsOf(info)};
  if (!writeAll(pipe, &head, sizeof head)) return EPIPE;
  return isFolder ? sendFolder(file, work.maxBytes, pipe) : sendFile(file, work.maxBytes, pipe);
}

Result<ContentFile> judgeRead(const ReadWork& work, int status, std::string received) {
  if (status == 0 && received.size() >= sizeof(Head)) {
    Head head;
    std::memcpy(&head, received.data(), sizeof head);
    received.erase(0, sizeof head);
    return ContentFile{std::move(received), WallTime(milliseconds(head.changedMs))};
  }
  if (status == kNotAsWanted)
    return Error{ErrorCode::kProtocol,
                 fmt::format("{} is no {}", work.path,
                             work.wanted == Wanted::kFolder ? "folder" : "regular file")};
  if (status == kTooLarge)
    return Error{ErrorCode::kProtocol,
                 fmt::format("{} is larger than {} bytes", work.path, work.maxBytes)};
  return pathError("read", work.path, status);
}

Result<std::vector<FolderEntry>> entriesOf(std::string_view records) {
  std::vector<FolderEntry> entries;
  while (!records.empty()) {
    const std::string_view record = records.substr(0, records.find('\0'));
    records.remove_prefix(std::min(records.size(), record.size() + 1));
    const std::size_t slash = record.find('/');
    if (slash == std::string_view::npos || entries.size() == ContentDir::kMaxEntries)
      return Error{ErrorCode::kProtocol, "a folder has too many entries to be listed"};
    FolderEntry entry{std::string(record.substr(slash + 1)), kindOfLetter(record.front())};
    std::from_chars(record.data() + 1, record.data() + slash, entry.size);
    entries.push_back(std::move(entry));
  }
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

int statPaths(const std::vector<std::string>& paths, int pipe) {
  for (const std::string& path : paths) {
    struct stat info {};
    StatRecord record;
    record.error = ::stat(path.c_str(), &info) == 0 ? 0 : errno;
    record.mode = info.st_mode;
    record.size = static_cast<std::uint64_t>(info.st_size);
    record.changedMs = changedMsOf(info);
    if (!writeAll(pipe, &record, sizeof record)) return EPIPE;
  }
  return 0;
}

std::vector<Result<FileFacts>> judgeStat(const std::vector<std::string>& paths,
                                         std::string_view received) {
  std::vector<Result<FileFacts>> facts;
  for (const std::string& path : paths) {
    StatRecord record;
    record.error = EIO;  // should the child have been cut short
    if (received.size() >= sizeof record) {
      std::memcpy(&record, received.data(), sizeof record);
      received.remove_prefix(sizeof record);
    }
    if (record.error != 0)
      facts.push_back(pathError("look at", path, record.error));
    else
      facts.push_back(FileFacts{kindOfMode(record.mode), record.size,
                                WallTime(milliseconds(record.changedMs))});
  }
  return facts;
}

}  // namespace rollcall
