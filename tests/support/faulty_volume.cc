// A file system that hands everything on to a folder and fails as its rules say.
//
//   faulty_volume FOLDER RULES MOUNT_POINT
//
// RULES is a file outside of the mount, read anew before every operation; replace it by renaming,
// so that it is never seen half written. One rule a line, the first for an operation counts:
//   fsync error 5      answers that errno
//   create delay 300   answers after so many milliseconds
//   write never        takes the request and does not answer it as long as the rule is there
//   read garble        hands out something else than what was written
//   getattr ahead 60   dates files so many seconds later
// Operations: getattr readdir statfs open create read write flush fsync unlink rename mkdir
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{10};

// Set once, before the file system is served.
std::string folder;
std::string rules;

struct Rule {
  std::string effect;
  int value = 0;
};

Rule ruleOf(std::string_view operation) {
  std::ifstream file(rules);
  std::string name;
  Rule rule;
  for (std::string line; std::getline(file, line);) {
    char first[32] = {}, effect[32] = {};
    rule.value = 0;
    if (std::sscanf(line.c_str(), "%31s %31s %d", first, effect, &rule.value) < 2) continue;
    rule.effect = effect;
    if (operation == first) return rule;
  }
  return {};
}

// The rule for an operation once it may go on; `error` is what it has to answer instead.
Rule obey(std::string_view operation) {
  Rule rule = ruleOf(operation);
  while (rule.effect == "never") {
    std::this_thread::sleep_for(kLookAgain);
    rule = ruleOf(operation);
  }
  if (rule.effect == "delay") std::this_thread::sleep_for(milliseconds(rule.value));
  return rule;
}

// 0 or a negative errno, as FUSE wants it.
int answer(long result) {
  return result < 0 ? -errno : static_cast<int>(result);
}

template <class Action>
int serve(std::string_view operation, Action action) {
  const Rule rule = obey(operation);
  return rule.effect == "error" ? -rule.value : answer(action());
}

std::string at(const char* path) {
  return folder + path;
}
int fileOf(const fuse_file_info* info) {
  return static_cast<int>(info->fh);
}
long keep(int file, fuse_file_info* info) {
  info->fh = static_cast<std::uint64_t>(file);
  return file < 0 ? -1 : 0;
}

void* start(fuse_conn_info*, fuse_config* config) {
  // Nothing from the kernel's caches: every question comes here.
  config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
  config->nullpath_ok = 0;
  // What is removed while it is open is gone at once, as on a disk; else it stands there under a
  // hidden name until FUSE hears of the last close(), which may be after that has returned.
  config->hard_remove = 1;
  return nullptr;
}

int getattr(const char* path, struct stat* info, fuse_file_info*) {
  const Rule rule = obey("getattr");
  if (rule.effect == "error") return -rule.value;
  if (::lstat(at(path).c_str(), info) != 0) return -errno;
  if (rule.effect == "ahead" && S_ISREG(info->st_mode)) info->st_mtim.tv_sec += rule.value;
  return 0;
}

int readdir(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
            fuse_readdir_flags) {
  return serve("readdir", [&]() -> long {
    DIR* const listed = ::opendir(at(path).c_str());
    if (listed == nullptr) return -1;
    while (const dirent* entry = ::readdir(listed))
      fill(buffer, entry->d_name, nullptr, 0, fuse_fill_dir_flags{});
    return ::closedir(listed);
  });
}

int statfs(const char* path, struct statvfs* space) {
  return serve("statfs", [&] { return ::statvfs(at(path).c_str(), space); });
}

int open(const char* path, fuse_file_info* info) {
  return serve("open", [&] { return keep(::open(at(path).c_str(), info->flags), info); });
}

int create(const char* path, mode_t mode, fuse_file_info* info) {
  return serve("create", [&] { return keep(::open(at(path).c_str(), info->flags, mode), info); });
}

int read(const char*, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  const Rule rule = obey("read");
  if (rule.effect == "error") return -rule.value;
  const ssize_t got = ::pread(fileOf(info), buffer, size, offset);
  if (rule.effect == "garble" && got > 0) buffer[got - 1] = static_cast<char>(~buffer[got - 1]);
  return answer(got);
}

int write(const char*, const char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  return serve("write", [&] { return ::pwrite(fileOf(info), buffer, size, offset); });
}

int flush(const char*, fuse_file_info* info) {
  return serve("flush", [&] { return ::close(::dup(fileOf(info))); });
}

int fsync(const char*, int, fuse_file_info* info) {
  return serve("fsync", [&] { return ::fsync(fileOf(info)); });
}

int release(const char*, fuse_file_info* info) {
  return answer(::close(fileOf(info)));
}

int unlink(const char* path) {
  return serve("unlink", [&] { return ::unlink(at(path).c_str()); });
}

int mkdir(const char* path, mode_t mode) {
  return serve("mkdir", [&] { return ::mkdir(at(path).c_str(), mode); });
}

int rename(const char* from, const char* to, unsigned) {
  return serve("rename", [&] { return ::rename(at(from).c_str(), at(to).c_str()); });
}

int truncate(const char* path, off_t size, fuse_file_info*) {
  return answer(::truncate(at(path).c_str(), size));
}
int chmod(const char* path, mode_t mode, fuse_file_info*) {
  return answer(::chmod(at(path).c_str(), mode));
}
int chown(const char* path, uid_t user, gid_t group, fuse_file_info*) {
  return answer(::lchown(at(path).c_str(), user, group));
}

fuse_operations operations() {
  fuse_operations all{};
  all.init = start;
  all.getattr = getattr;
  all.readdir = readdir;
  all.statfs = statfs;
  all.open = open;
  all.create = create;
  all.read = read;
  all.write = write;
  all.flush = flush;
  all.fsync = fsync;
  all.release = release;
  all.unlink = unlink;
  all.mkdir = mkdir;
  all.rename = rename;
  all.truncate = truncate;
  all.chmod = chmod;
  all.chown = chown;
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("usage: faulty_volume FOLDER RULES MOUNT_POINT\n", stderr);
    return 64;
  }
  folder = arguments[1];
  rules = arguments[2];
  char name[] = "faulty_volume", foreground[] = "-f", option[] = "-o",
       options[] = "allow_other,default_permissions,fsname=faulty,subtype=faulty";
  char* const mount[] = {name, foreground, option, options, arguments[3]};
  const fuse_operations all = operations();
  return fuse_main(5, const_cast<char**>(mount), &all, nullptr);
}
