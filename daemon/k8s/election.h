// Who of several replicas leads, decided by a Lease. Pure: time is an argument.
//
// The holder renews the Lease every two seconds and leads for ten from each renewal that the API
// took, counted from before it was sent. Everybody else times by its own monotonic clock for how
// long the Lease has not changed, and takes it over after fifteen: clocks that differ do no harm,
// and who was cut off has stopped leading before another begins. Each write names the version it
// was made from, so of two that write only one succeeds.
//
// A Lease that is not there tells nothing: there may never have been one, or somebody removed it
// while its holder leads and perhaps cannot reach the API. So who makes it holds it at once, which
// keeps all others from writing, but leads only after the fifteen seconds, when whoever led before
// has stopped, and releases nothing until then. Only a holder that still leads makes it anew and
// goes on. The first replica of a new installation waits as well: nothing tells it from the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/news.h"
#include "daemon/k8s/api_error.h"
#include "daemon/k8s/lease.h"
#include "daemon/net/backoff.h"

namespace rollcall::k8s {

struct ElectionTimes {
  Duration lease = std::chrono::seconds(15);  // until others take over
  Duration renew = std::chrono::seconds(10);  // until the holder gives up
  Duration retry = std::chrono::seconds(2);   // between two requests; a fifth shorter at random
};

class Election {
 public:
  enum class Ask { kRead, kCreate, kUpdate };
  struct Request {
    Ask ask = Ask::kRead;
    std::string body;  // of a write
  };

  // `identity` is nobody else's, not even of an earlier process of this replica.
  Election(std::string lease, std::string identity, Random random, ElectionTimes times = {});

  // To be sent at nextAt().
  Request next(WallTime now) const;
  // To be sent at the end, one after the other, until nothing is left to do.
  std::optional<Request> release(WallTime now) const;
  // How the request went that was sent at `sent`.
  void answered(Ask ask, MonoTime sent, MonoTime now, const ApiResult<std::string>& answer);

  MonoTime nextAt() const { return nextAt_; }
  // Leads before this moment, unless a renewal moves it; empty = does not lead.
  std::optional<MonoTime> leadsUntil() const { return until_; }
  bool leads(MonoTime now) const { return until_ && now < *until_; }
  // Since this was asked last.
  std::vector<News> takeNews(MonoTime now);

 private:
  void read(Lease lease, MonoTime now);
  void absent(MonoTime now);
  void made(MonoTime now);
  void written(Lease lease, MonoTime sent, MonoTime now);
  void failed(Ask ask, MonoTime now, const ApiError& error);
  bool isOurs() const { return lease_ && lease_->holder == identity_; }
  bool isHeldByAnother(MonoTime now) const;
  Duration retry() const;
  LeaseClaim claim(WallTime now) const { return {identity_, times_.lease, now}; }

  const std::string name_;
  const std::string identity_;
  const Random random_;
  const ElectionTimes times_;

  MonoTime nextAt_{};
  std::optional<Lease> lease_;  // as it was read or written last
  MonoTime unchangedSince_{};   // as far as we saw
  bool mustRead_ = true;        // before anything is written
  bool unsure_ = false;         // a write failed: it may have been taken all the same
  bool mayHaveMade_ = false;    // making the Lease failed: it may have been made all the same
  std::optional<MonoTime> waitsUntil_;  // made the Lease, and does not lead before
  std::optional<MonoTime> until_;

  bool toldLeads_ = false;
  std::string toldHolder_;
  bool toldFailing_ = false;
  std::optional<MonoTime> failingSince_;
  Error failure_;
};

}  // namespace rollcall::k8s
