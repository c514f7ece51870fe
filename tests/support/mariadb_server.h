// A real MariaDB for tests: own folder, socket and port on 127.0.0.1, gone with the test.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::testing_support {

// Every failure throws std::runtime_error with the server's or client's words.
class MariadbServer {
 public:
  // False when the programs are not installed; then tests skip.
  static bool installed();

  // A new folder, initialised and served. `arguments` are added to mariadbd's.
  explicit MariadbServer(std::vector<std::string> arguments = {});
  ~MariadbServer();
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  // Runs statements as root; answers the rows, columns separated by tabs, without headings.
  std::string sql(std::string_view statements) const;

  void freeze();  // SIGSTOP; returns when no thread runs any more
  void thaw();
  void kill();  // SIGKILL, and waits for its end
  void startAgain();

  std::uint16_t port() const { return port_; }
  std::string socket() const { return folder_ / "socket"; }
  pid_t pid() const { return pid_; }

 private:
  void initialise();
  void serve();
  std::string log() const;

  std::vector<std::string> arguments_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

// A root session that holds on to what it was told to do, such as a table lock.
class MariadbSession {
 public:
  MariadbSession(const MariadbServer& server, std::string_view statements);
  ~MariadbSession();  // closes the session
  MariadbSession(const MariadbSession&) = delete;
  MariadbSession& operator=(const MariadbSession&) = delete;

 private:
  std::FILE* client_;
};

}  // namespace rollcall::testing_support
