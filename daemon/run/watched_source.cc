#include "daemon/run/watched_source.h"

#include <type_traits>

namespace rollcall {
namespace {

class WatchedSource final : public ContentSource {
 public:
  WatchedSource(const Clock& clock, std::unique_ptr<ContentSource> inner, DatabaseSight& sight)
      : clock_(clock), inner_(std::move(inner)), sight_(sight) {}

  Result<SharedContent> load(Deadline deadline, std::stop_token stop) override {
    auto content = watch(deadline, [&] { return inner_->load(deadline, stop); });
    if (content) sight_.sawTitle((*content)->settings.title);
    return content;
  }
  Result<ChangeMark> mark(Deadline deadline, std::stop_token stop) override {
    return watch(deadline, [&] { return inner_->mark(deadline, stop); });
  }
  Result<std::map<std::string, EntryState>> states(ResourceType type,
                                                   const std::vector<std::string>& ids,
                                                   Deadline deadline,
                                                   std::stop_token stop) override {
    return watch(deadline, [&] { return inner_->states(type, ids, deadline, stop); });
  }
  Result<std::optional<std::string>> contentApiKey(Deadline deadline,
                                                   std::stop_token stop) override {
    return watch(deadline, [&] { return inner_->contentApiKey(deadline, stop); });
  }
  Result<std::vector<Row>> rows(const std::string& sql, Deadline deadline,
                                std::stop_token stop) override {
    // A right that a check can do without, or a table that this Ghost does not have, says nothing.
    return watch(
        deadline, [&] { return inner_->rows(sql, deadline, stop); }, Missing::kMayBe);
  }

 private:
  enum class Missing { kIsTrouble, kMayBe };

  static bool isTrouble(const Error& error, Missing missing) {
    const bool lacks =
        error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kNotFound;
    return error.code != ErrorCode::kCancelled && !(lacks && missing == Missing::kMayBe);
  }

  template <class Query>
  std::invoke_result_t<Query> watch(Deadline deadline, Query query,
                                    Missing missing = Missing::kIsTrouble) {
    const bool late = deadline.passed(clock_);
    auto answer = query();
    if (answer)
      sight_.saw(true);
    else if (!late && isTrouble(answer.error(), missing))
      sight_.saw(false);
    return answer;
  }

  const Clock& clock_;
  std::unique_ptr<ContentSource> inner_;
  DatabaseSight& sight_;
};

}  // namespace

std::optional<bool> DatabaseSight::up() const {
  std::lock_guard lock(mutex_);
  return up_;
}

std::string DatabaseSight::title() const {
  std::lock_guard lock(mutex_);
  return title_;
}

void DatabaseSight::saw(bool answered) {
  std::lock_guard lock(mutex_);
  up_ = answered;
}

void DatabaseSight::sawTitle(const std::string& title) {
  std::lock_guard lock(mutex_);
  title_ = title;
}

std::unique_ptr<ContentSource> watchSource(const Clock& clock, std::unique_ptr<ContentSource> inner,
                                           DatabaseSight& sight) {
  return std::make_unique<WatchedSource>(clock, std::move(inner), sight);
}

}  // namespace rollcall
