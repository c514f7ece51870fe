#include "daemon/web/connections.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace rollcall {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr int kReadsPerTurn = 16;
// Small, so that slow readers keep their answers in our bounded buffers, not in the kernel's.
constexpr int kSendBuffer = 128 * 1024;
constexpr Duration kOutOfDescriptorsPause = std::chrono::milliseconds(100);
constexpr Duration kLongestTurn = std::chrono::seconds(1);
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// Who counts as one peer: an IPv4 address, or the /64 of an IPv6 one.
std::string peerOf(const sockaddr_storage& address) {
  if (address.ss_family != AF_INET6) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return {reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  const char* bytes = reinterpret_cast<const char*>(&v6.sin6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return {bytes + 12, 4};
  return {bytes, 8};
}

bool outOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Connections::Connections(const Clock& clock, Fd listener, int wake, int news, WebLimits limits,
                         Answerer answerer)
    : clock_(clock),
      listener_(std::move(listener)),
      wake_(wake),
      news_(news),
      limits_(limits),
      answerer_(std::move(answerer)) {}

// Nothing is read from who waits for an answer.
short Connections::eventsOf(Phase phase) {
  if (phase == Phase::kLater) return 0;
  return phase == Phase::kAnswer ? POLLOUT : POLLIN;
}

void Connections::run() {
  while (turn(kLongestTurn)) {
  }
  listener_ = Fd();
  for (Connection& each : connections_)
    if (each.phase != Phase::kAnswer) close(each);
  wake_ = -1;
  const Deadline end = Deadline::after(clock_, limits_.grace);
  while (open_ > 0 && !end.passed(clock_)) {
    turn(end.left(clock_));
    for (Connection& each : connections_)
      if (each.phase != Phase::kAnswer) close(each);
  }
}

bool Connections::turn(Duration longest) {
  connections_.remove_if([](const Connection& each) { return each.phase == Phase::kGone; });
  const bool accepting = listener_.valid() && clock_.mono() >= acceptAgain_;
  // poll() ignores negative descriptors.
  std::vector<pollfd> watched{
      {wake_, POLLIN, 0}, {accepting ? listener_.get() : -1, POLLIN, 0}, {news_, POLLIN, 0}};
  const std::size_t others = watched.size();
  std::vector<Connection*> owners;
  for (Connection& each : connections_) {
    watched.push_back({each.fd.get(), eventsOf(each.phase), 0});
    owners.push_back(&each);
  }
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(std::min(longest, untilNextExpiry()));
  if (::poll(watched.data(), watched.size(), static_cast<int>(wait.count())) < 0) return true;
  for (std::size_t i = 0; i < owners.size(); ++i)
    if (watched[i + others].revents != 0 && owners[i]->phase != Phase::kGone) onReady(*owners[i]);
  if (watched[1].revents != 0) acceptAll();
  if (watched[2].revents != 0) askAllLater();
  closeExpired();
  return watched[0].revents == 0;
}

void Connections::acceptAll() {
  for (int i = 0; i < kAcceptsPerTurn && acceptOne(); ++i) {
  }
}

// False when there is nobody more to let in now.
bool Connections::acceptOne() {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  Fd fd(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length,
                  SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    if (outOfDescriptors(errno)) {
      acceptAgain_ = clock_.mono() + kOutOfDescriptorsPause;
      makeRoom();
    }
    return false;
  }
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  if (open_ >= limits_.connections) makeRoom();
  Connection& connection = connections_.emplace_back();
  connection.fd = std::move(fd);
  connection.peer = peerOf(address);
  ++perPeer_[connection.peer];
  ++open_;
  enter(connection, Phase::kHead);
  onReady(connection);  // most clients send at once: no need for another turn
  return true;
}

void Connections::onReady(Connection& connection) {
  if (connection.phase == Phase::kAnswer) {
    send(connection);
  } else if (connection.phase != Phase::kLater && read(connection)) {
    takeRequest(connection);
  } else {
    close(connection);
  }
}

// False when nothing more can come of this connection.
bool Connections::read(Connection& connection) {
  std::array<char, 4096> piece;
  for (int i = 0; i < kReadsPerTurn && connection.input.size() <= limits_.headBytes; ++i) {
    const ssize_t got = ::recv(connection.fd.get(), piece.data(), piece.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
      connection.ended = true;
      return !connection.input.empty();
    }
    if (connection.phase == Phase::kFarewell) continue;
    connection.input.append(piece.data(), static_cast<std::size_t>(got));
    if (connection.phase == Phase::kIdle) enter(connection, Phase::kHead);
  }
  return true;
}

void Connections::takeRequest(Connection& connection) {
  if (connection.phase != Phase::kHead) return;
  std::string& input = connection.input;
  const std::size_t end = input.find(kHeadEnd);
  if (input.size() > limits_.headBytes && end > limits_.headBytes)
    return answer(connection, refusal(431, "Request Header Fields Too Large"));
  if (end == std::string::npos) return connection.ended ? close(connection) : void();
  const std::string head = input.substr(0, end + kHeadEnd.size());
  // One request at a time: who sends more before it is answered has this connection ended.
  const bool more = input.size() > head.size() || connection.ended;
  input = std::string();
  answer(connection, answerer_(head, more || ++connection.requests >= limits_.requests));
}

void Connections::answer(Connection& connection, WebAnswer answer) {
  connection.later = std::move(answer.later);
  if (connection.later) return enter(connection, Phase::kLater);
  connection.output = std::move(answer.bytes);
  connection.sent = 0;
  connection.closing = answer.close;
  pendingOutput_ += connection.output.size();
  enter(connection, Phase::kAnswer);
  makeRoomForOutput(connection);
  send(connection);
}

void Connections::askLater(Connection& connection, bool overdue) {
  std::optional<WebAnswer> known = connection.later->ask(overdue);
  if (known) return answer(connection, std::move(*known));
  if (overdue) close(connection);
}

void Connections::askAllLater() {
  eventfd_t count = 0;
  ::eventfd_read(news_, &count);
  for (Connection& each : connections_)
    if (each.phase == Phase::kLater) askLater(each, false);
}

void Connections::send(Connection& connection) {
  while (connection.sent < connection.output.size()) {
    const ssize_t sent = ::send(connection.fd.get(), connection.output.data() + connection.sent,
                                connection.output.size() - connection.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) close(connection);
      return;
    }
    connection.sent += static_cast<std::size_t>(sent);
  }
  pendingOutput_ -= connection.output.size();
  connection.output = std::string();
  if (connection.closing) ::shutdown(connection.fd.get(), SHUT_WR);
  enter(connection, connection.closing ? Phase::kFarewell : Phase::kIdle);
}

void Connections::enter(Connection& connection, Phase phase) {
  connection.phase = phase;
  connection.since = clock_.mono();
}

void Connections::close(Connection& connection) {
  if (connection.phase == Phase::kGone) return;
  pendingOutput_ -= connection.output.size();
  connection.output = std::string();
  connection.input = std::string();
  connection.later = nullptr;
  connection.fd = Fd();
  if (--perPeer_[connection.peer] == 0) perPeer_.erase(connection.peer);
  --open_;
  connection.phase = Phase::kGone;
}

void Connections::makeRoom() {
  const auto busiest =
      std::max_element(perPeer_.begin(), perPeer_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (busiest == perPeer_.end()) return;
  Connection* longest = nullptr;
  for (Connection& each : connections_)
    if (each.phase != Phase::kGone && each.peer == busiest->first &&
        (longest == nullptr || each.since < longest->since))
      longest = &each;
  if (longest != nullptr) close(*longest);
}

void Connections::makeRoomForOutput(const Connection& keep) {
  while (pendingOutput_ > limits_.outputBytes) {
    Connection* longest = nullptr;
    for (Connection& each : connections_)
      if (&each != &keep && each.phase == Phase::kAnswer &&
          (longest == nullptr || each.since < longest->since))
        longest = &each;
    if (longest == nullptr) return;
    close(*longest);
  }
}

void Connections::closeExpired() {
  const MonoTime now = clock_.mono();
  for (Connection& each : connections_) {
    if (each.phase == Phase::kGone || expiry(each) > now) continue;
    if (each.phase == Phase::kLater)
      askLater(each, true);
    else
      close(each);
  }
}

Duration Connections::untilNextExpiry() const {
  const MonoTime now = clock_.mono();
  Duration least = kLongestTurn;
  for (const Connection& each : connections_)
    if (each.phase != Phase::kGone)
      least = std::min(least, std::max(expiry(each) - now, Duration::zero()));
  if (acceptAgain_ > now) least = std::min(least, acceptAgain_ - now);
  return least;
}

MonoTime Connections::expiry(const Connection& connection) const {
  return connection.later ? connection.later->until
                          : connection.since + allowance(connection.phase);
}

Duration Connections::allowance(Phase phase) const {
  switch (phase) {
    case Phase::kHead:
      return limits_.head;
    case Phase::kIdle:
      return limits_.idle;
    case Phase::kAnswer:
      return limits_.write;
    case Phase::kFarewell:
      return limits_.farewell;
    case Phase::kLater:  // as long as its answer takes
    case Phase::kGone:
      return Duration::zero();
  }
  return Duration::zero();
}

}  // namespace rollcall
