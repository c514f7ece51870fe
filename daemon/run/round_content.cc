#include "daemon/run/round_content.h"

#include <utility>

namespace rollcall {
namespace {

class SharingSource final : public ContentSource {
 public:
  SharingSource(std::unique_ptr<ContentSource> inner, RoundContent& round)
      : inner_(std::move(inner)), round_(round) {}

  Result<SharedContent> load(Deadline deadline, std::stop_token stop) override {
    return inner_->load(deadline, std::move(stop));
  }
  Result<SharedContent> roundContent(Deadline deadline, std::stop_token stop) override {
    return round_.get(stop, [&] { return inner_->load(deadline, stop); });
  }
  Result<ChangeMark> mark(Deadline deadline, std::stop_token stop) override {
    return inner_->mark(deadline, std::move(stop));
  }
  Result<std::map<std::string, EntryState>> states(ResourceType type,
                                                   const std::vector<std::string>& ids,
                                                   Deadline deadline,
                                                   std::stop_token stop) override {
    return inner_->states(type, ids, deadline, std::move(stop));
  }
  Result<std::optional<std::string>> contentApiKey(Deadline deadline,
                                                   std::stop_token stop) override {
    return inner_->contentApiKey(deadline, std::move(stop));
  }
  Result<std::vector<Row>> rows(const std::string& sql, Deadline deadline,
                                std::stop_token stop) override {
    return inner_->rows(sql, deadline, std::move(stop));
  }

 private:
  std::unique_ptr<ContentSource> inner_;
  RoundContent& round_;
};

}  // namespace

Result<SharedContent> RoundContent::get(const std::stop_token& stop,
                                        const std::function<Result<SharedContent>()>& load) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return state_ != State::kLoading; });
    if (state_ == State::kThere) return content_;
    if (state_ != State::kNone) {  // it failed, or we are to stop
      lock.unlock();
      return load();
    }
    state_ = State::kLoading;
  }
  try {
    Result<SharedContent> content = load();
    settle(content ? *content : nullptr);
    return content;
  } catch (...) {  // or the others would wait for ever
    settle(nullptr);
    throw;
  }
}

void RoundContent::settle(SharedContent content) {
  const std::lock_guard lock(mutex_);
  state_ = content ? State::kThere : State::kFailed;
  content_ = std::move(content);
  changed_.notify_all();
}

std::unique_ptr<ContentSource> shareContent(std::unique_ptr<ContentSource> inner,
                                            RoundContent& round) {
  return std::make_unique<SharingSource>(std::move(inner), round);
}

}  // namespace rollcall
