#include "tests/support/mariadb_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace rollcall::testing_support {
namespace {

constexpr const char* kServer = "/usr/sbin/mariadbd";

std::uint16_t freePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port");
  ::close(fd);
  return ntohs(address.sin_port);
}

struct Ran {
  int status;
  std::string output;
};

Ran run(const std::string& command) {
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("no process for " + command);
  Ran ran;
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    ran.output.append(buffer.data(), got);
  ran.status = ::pclose(pipe);
  return ran;
}

std::string client(const std::string& socket) {
  return "mariadb --no-defaults --user=root --batch --skip-column-names --default-character-set="
         "utf8mb4 --socket='" +
         socket + "'";
}

std::string userArgument() {
  return ::geteuid() == 0 ? " --user=root" : "";
}

[[noreturn]] void becomeServer(const std::vector<std::string>& arguments, const std::string& log) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(kServer, argv.data());
  ::_exit(127);
}

}  // namespace

bool MariadbServer::installed() {
  return ::access(kServer, X_OK) == 0 && run("command -v mariadb-install-db mariadb").status == 0;
}

MariadbServer::MariadbServer(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)) {
  std::string pattern = std::filesystem::temp_directory_path() / "rollcall_mariadb_XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  initialise();
  port_ = freePort();
  serve();
}

MariadbServer::~MariadbServer() {
  if (pid_ > 0) kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void MariadbServer::initialise() {
  const Ran ran =
      run("mariadb-install-db --no-defaults --skip-test-db --auth-root-authentication-"
          "method=normal --datadir='" +
          (folder_ / "data").string() + "' --tmpdir='" + (folder_ / "data").string() + "'" +
          userArgument());
  if (ran.status != 0) throw std::runtime_error("mariadb-install-db: " + ran.output);
}

void MariadbServer::serve() {
  std::vector<std::string> arguments = {
      kServer,
      "--no-defaults",
      "--datadir=" + (folder_ / "data").string(),
      // A server that starts removes the temporary tables there, another server's too.
      "--tmpdir=" + (folder_ / "data").string(),
      "--socket=" + socket(),
      "--pid-file=" + (folder_ / "pid").string(),
      "--bind-address=127.0.0.1",
      "--port=" + std::to_string(port_),
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-flush-method=nosync",
      "--innodb-doublewrite=0",
      "--sync-frm=0",
      "--innodb-buffer-pool-size=128M",
      "--skip-name-resolve",
  };
  if (::geteuid() == 0) arguments.emplace_back("--user=root");
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  const std::string log = folder_ / "log";
  pid_ = ::fork();
  if (pid_ == 0) becomeServer(arguments, log);
  while (run(client(socket()) + " --execute='SELECT 1'").status != 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("mariadbd ended: " + this->log());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string MariadbServer::log() const {
  std::ifstream file(folder_ / "log");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string MariadbServer::sql(std::string_view statements) const {
  const std::filesystem::path script = folder_ / "script.sql";
  std::ofstream(script) << statements;
  Ran ran = run(client(socket()) + " < '" + script.string() + "'");
  if (ran.status != 0) throw std::runtime_error("mariadb: " + ran.output);
  return ran.output;
}

// A signal is only on its way when kill() returns: a thread on another core may answer one more
// question.
void MariadbServer::freeze() {
  ::kill(pid_, SIGSTOP);
  while (::waitpid(pid_, nullptr, WUNTRACED) < 0 && errno == EINTR) {
  }
}
void MariadbServer::thaw() {
  ::kill(pid_, SIGCONT);
}

void MariadbServer::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void MariadbServer::startAgain() {
  serve();
}

MariadbSession::MariadbSession(const MariadbServer& server, std::string_view statements)
    : client_(::popen((client(server.socket()) + " >/dev/null 2>&1").c_str(), "we")) {
  if (client_ == nullptr) throw std::runtime_error("no process for a session");
  std::fwrite(statements.data(), 1, statements.size(), client_);
  std::fflush(client_);
}

MariadbSession::~MariadbSession() {
  ::pclose(client_);
}

}  // namespace rollcall::testing_support
