// The sockets of the web server: one thread, one poll loop. A connection costs a file
// descriptor and at most a request head, never a thread, so that hundreds of peers that drip, stall
// or read slowly delay nobody else.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/core/clock.h"
#include "daemon/core/fd.h"
#include "daemon/web/answers.h"

namespace rollcall {

struct WebLimits {
  // Beyond it the connection that has waited longest, of the peer with the most, makes room.
  std::size_t connections = 1024;
  std::size_t headBytes = 16 * 1024;              // request line and headers
  std::size_t outputBytes = 32 * 1024 * 1024;     // of answers not yet sent, all together
  std::size_t requests = kRequestsPerConnection;  // per connection
  Duration head = std::chrono::seconds(2);        // from connect or first byte to the whole head
  Duration idle = std::chrono::seconds(kIdleSeconds);  // between requests
  Duration write = std::chrono::seconds(10);           // from the answer to its last byte
  Duration farewell = std::chrono::seconds(1);         // a refused peer may read why
  Duration grace = std::chrono::milliseconds(500);     // for answers under way at stop
};

// Not thread-safe: run() and everything else belong to one thread.
class Connections {
 public:
  using Answerer = std::function<WebAnswer(std::string_view head, bool lastOfConnection)>;

  // `listener` is bound, listening and non-blocking; `wake` becomes readable to end run(); `news`
  // as WebPages::news().
  Connections(const Clock& clock, Fd listener, int wake, int news, WebLimits limits,
              Answerer answerer);

  // Until `wake`; then answers under way get WebLimits::grace, all others are closed.
  void run();

 private:
  enum class Phase {
    kHead,      // reading a request's head
    kIdle,      // answered, waiting for the next request
    kLater,     // the answer is not known yet
    kAnswer,    // sending
    kFarewell,  // all is sent and shut down; reading on so that the peer gets to see it
    kGone,      // closed; removed at the end of the turn
  };
  struct Connection {
    Fd fd;
    std::string peer;
    Phase phase = Phase::kHead;
    MonoTime since{};
    std::string input;
    std::string output;
    std::size_t sent = 0;
    std::size_t requests = 0;
    std::shared_ptr<const LaterAnswer> later;  // in kLater only
    bool ended = false;                        // the peer has sent all it wants to send
    bool closing = false;                      // after this answer
  };

  // One round of the loop; false once woken.
  bool turn(Duration longest);
  static short eventsOf(Phase phase);
  void acceptAll();
  bool acceptOne();
  void onReady(Connection& connection);
  bool read(Connection& connection);
  void takeRequest(Connection& connection);
  void answer(Connection& connection, WebAnswer answer);
  void askLater(Connection& connection, bool overdue);
  void askAllLater();
  void send(Connection& connection);
  void enter(Connection& connection, Phase phase);
  void close(Connection& connection);
  void makeRoom();
  void makeRoomForOutput(const Connection& keep);
  void closeExpired();
  Duration untilNextExpiry() const;
  MonoTime expiry(const Connection& connection) const;
  Duration allowance(Phase phase) const;

  const Clock& clock_;
  Fd listener_;
  int wake_;
  const int news_;
  WebLimits limits_;
  Answerer answerer_;
  std::list<Connection> connections_;
  std::map<std::string, std::size_t> perPeer_;  // open ones; their sum is open_
  std::size_t open_ = 0;
  std::size_t pendingOutput_ = 0;
  MonoTime acceptAgain_{};  // later than now while the process is out of file descriptors
};

}  // namespace rollcall
