#include "daemon/k8s/election.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/ghost/error_message.h"

namespace rollcall::k8s {
namespace {

constexpr double kJitter = 0.2;
constexpr std::string_view kFailing = "the Lease cannot be had, so this replica does not lead";

}  // namespace

Election::Election(std::string lease, std::string identity, Random random, ElectionTimes times)
    : name_(std::move(lease)),
      identity_(std::move(identity)),
      random_(std::move(random)),
      times_(times) {}

Election::Request Election::next(WallTime now) const {
  if (mustRead_) return {};
  if (!lease_) return {Ask::kCreate, newLease(name_, claim(now))};
  return {Ask::kUpdate, claimedLease(*lease_, claim(now))};
}

std::optional<Election::Request> Election::release(WallTime now) const {
  if (unsure_) return Request{};
  // Who made it without leading cannot tell that nobody leads.
  if (!isOurs() || waitsUntil_) return std::nullopt;
  return Request{Ask::kUpdate, releasedLease(*lease_, now)};
}

void Election::answered(Ask ask, MonoTime sent, MonoTime now,
                        const ApiResult<std::string>& answer) {
  if (!answer) {
    if (ask == Ask::kRead && answer.error().absent) return absent(now);
    return failed(ask, now, answer.error());
  }
  Result<Lease> lease = readLease(*answer);
  if (!lease) return failed(ask, now, ApiError{lease.error()});
  failingSince_.reset();
  unsure_ = false;
  if (ask == Ask::kRead) return read(std::move(*lease), now);
  if (ask == Ask::kCreate) made(now);
  written(std::move(*lease), sent, now);
}

void Election::read(Lease lease, MonoTime now) {
  if (!lease_ || lease_->version != lease.version) unchangedSince_ = now;
  lease_ = std::move(lease);
  if (!isOurs()) until_.reset();
  if (isOurs() && std::exchange(mayHaveMade_, false)) made(now);
  mustRead_ = isHeldByAnother(now);
  nextAt_ = mustRead_ ? now + retry() : now;
}

// Somebody removed it, or it never was. Whoever held it may make it anew.
void Election::absent(MonoTime now) {
  failingSince_.reset();
  unsure_ = false;
  mustRead_ = isHeldByAnother(now);
  nextAt_ = mustRead_ ? now + retry() : now;
  if (!mustRead_) lease_.reset();
}

// Who leads goes on: nobody else can have begun yet.
void Election::made(MonoTime now) {
  if (!leads(now)) waitsUntil_ = now + times_.lease;
}

void Election::written(Lease lease, MonoTime sent, MonoTime now) {
  lease_ = std::move(lease);
  unchangedSince_ = now;
  mustRead_ = !isOurs();
  if (waitsUntil_ && sent >= *waitsUntil_) waitsUntil_.reset();
  until_ = isOurs() && !waitsUntil_ ? std::optional(sent + times_.renew) : std::nullopt;
  nextAt_ = now + retry();
}

void Election::failed(Ask ask, MonoTime now, const ApiError& error) {
  unsure_ = unsure_ || ask != Ask::kRead;
  mayHaveMade_ = mayHaveMade_ || ask == Ask::kCreate;
  mustRead_ = true;
  nextAt_ = now + std::max(retry(), error.rest);
  // That another was faster is how it is meant to be.
  if (error.conflict) return failingSince_.reset();
  if (!failingSince_) failingSince_ = now;
  failure_ = error.error;
}

bool Election::isHeldByAnother(MonoTime now) const {
  if (!lease_ || lease_->holder.empty() || isOurs()) return false;
  const Duration holds = lease_->duration > Duration(0) ? lease_->duration : times_.lease;
  return now - unchangedSince_ < holds;
}

Duration Election::retry() const {
  const auto spread = static_cast<double>(times_.retry.count()) * kJitter * random_();
  return times_.retry - Duration(static_cast<Duration::rep>(spread));
}

std::vector<News> Election::takeNews(MonoTime now) {
  std::vector<News> news;
  const bool leadsNow = leads(now);
  const std::string holder = lease_ && !isOurs() ? ghost::oneLine(lease_->holder) : "";
  const auto why = [&]() -> std::string {
    if (!holder.empty()) return fmt::format("{} holds the Lease", holder);
    if (failingSince_) return "the Lease could not be renewed in time: " + failure_.message;
    return "the Lease was released or removed";
  };
  if (leadsNow != std::exchange(toldLeads_, leadsNow)) {
    if (leadsNow)
      news.push_back({false, "this replica leads", ""});
    else
      news.push_back({true, "this replica no longer leads", why()});
  }
  if (holder != std::exchange(toldHolder_, holder) && !holder.empty())
    news.push_back({false, "another replica leads", holder});
  // A single answer that stays away is nothing; what only a person can mend is told at once.
  const bool failing = failingSince_ && (now - *failingSince_ >= times_.renew || toldFailing_ ||
                                         failure_.code == ErrorCode::kPermissionDenied);
  if (failing != std::exchange(toldFailing_, failing)) {
    if (failing)
      news.push_back({true, std::string(kFailing), failure_.message});
    else
      news.push_back({false, fmt::format("over: {}", kFailing), ""});
  }
  return news;
}

}  // namespace rollcall::k8s
