#include "daemon/run/watched_source.h"

#include <type_traits>

namespace rollcall {
namespace {

class WatchedSource final : public ContentSource {
 public:
  WatchedSource(const Clock& clock, std::unique_ptr<ContentSource> inner, DatabaseSight& sight)
      : clock_(clock), inner_(std::move(inner)), sight_(sight) {}

  Result<Content> load(Deadline deadline, std::stop_token stop) override {
    auto content = watch(deadline, [&] { return inner_->load(deadline, stop); });
    if (content) sight_.sawTitle(content->settings.title);
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
    return watch(deadline, [&] { return inner_->rows(sql, deadline, stop); });
  }

 private:
  template <class Query>
  std::invoke_result_t<Query> watch(Deadline deadline, Query query) {
    const bool late = deadline.passed(clock_);
    auto answer = query();
    if (answer)
      sight_.saw(true);
    else if (!late && answer.error().code != ErrorCode::kCancelled)
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
