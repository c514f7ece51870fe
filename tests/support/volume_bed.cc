#include "tests/support/volume_bed.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace rollcall::testing_support {
namespace {

[[noreturn]] void becomeKeeper(int in, int out) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::execl("/usr/bin/python3", "python3", ROLLCALL_VOLUMES_PY, ROLLCALL_FAULTY_VOLUME, nullptr);
  ::_exit(127);
}

}  // namespace

VolumeBed::VolumeBed() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    missing_ = std::string("no mount namespace: ") + std::strerror(errno);
    return;
  }
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipes for the keeper of the volumes");
  const pid_t pid = ::fork();
  if (pid == 0) becomeKeeper(in[0], out[1]);
  ::close(in[0]);
  ::close(out[1]);
  // The keeper itself is no child of ours.
  ::waitpid(pid, nullptr, 0);
  commands_ = ::fdopen(in[1], "w");
  answers_ = ::fdopen(out[0], "r");
}

VolumeBed::~VolumeBed() {
  if (commands_ == nullptr) return;
  std::fclose(commands_);
  hear();
  std::fclose(answers_);
}

std::string VolumeBed::ask(const std::vector<std::string>& words) {
  if (commands_ == nullptr) return "";
  for (std::size_t i = 0; i < words.size(); ++i)
    std::fprintf(commands_, "%s%s", i == 0 ? "" : "\t", words[i].c_str());
  std::fputc('\n', commands_);
  std::fflush(commands_);
  return hear();
}

std::string VolumeBed::hear() {
  char* line = nullptr;
  std::size_t room = 0;
  const ssize_t size = ::getline(&line, &room, answers_);
  std::string answer(line == nullptr || size <= 0 ? "failed the keeper died\n" : line);
  std::free(line);
  answer.pop_back();
  const std::size_t blank = answer.find(' ');
  const std::string kind = answer.substr(0, blank), text = answer.substr(blank + 1);
  if (kind == "missing")
    missing_ = text;
  else
    EXPECT_EQ(kind, "ok") << text;
  return text;
}

}  // namespace rollcall::testing_support
