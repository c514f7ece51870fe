#include "daemon/net/shared_answers.h"

#include <condition_variable>
#include <deque>
#include <set>
#include <tuple>

namespace rollcall {
namespace {

using Question = std::tuple<std::string, Door, Method, std::string, std::size_t, bool>;

Question questionOf(const Pod& pod, const PodRequest& request) {
  return {pod.name,     request.door,      request.method,
          request.path, request.keepBytes, request.keepFine};
}

// The answers of a round. Thread-safe.
class Shelf {
 public:
  // True when nobody has asked this yet: the caller must ask and then settle() or abandon() it.
  bool claim(const Question& question) {
    std::lock_guard lock(mutex_);
    return answers_.try_emplace(question).second;
  }
  void settle(const Question& question, const HttpResponse& answer) {
    std::lock_guard lock(mutex_);
    answers_[question] = std::make_shared<const HttpResponse>(answer);
    changed_.notify_all();
  }
  void abandon(const Question& question) {
    std::lock_guard lock(mutex_);
    answers_.erase(question);
    changed_.notify_all();
  }
  // Waits for whoever claimed it. Null when that came to nothing, or after a stop request.
  std::shared_ptr<const HttpResponse> await(const Question& question, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const auto known = [&] {
      const auto found = answers_.find(question);
      return found == answers_.end() || found->second;
    };
    if (!changed_.wait(lock, stop, known)) return nullptr;
    const auto found = answers_.find(question);
    return found == answers_.end() ? nullptr : found->second;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Question, std::shared_ptr<const HttpResponse>> answers_;  // null: being asked
};

// A batch only waits for others when nothing of its own is left to drive, so no two wait for each
// other.
class SharingBatch final : public PodBatch {
 public:
  SharingBatch(Shelf& shelf, std::unique_ptr<PodBatch> inner)
      : shelf_(shelf), inner_(std::move(inner)) {}
  ~SharingBatch() override {
    for (const Question& question : asking_) shelf_.abandon(question);
  }

  void get(const Pod& pod, PodRequest request, HttpDone done) override {
    if (!request.shared || request.onBody || request.firstByte)
      return inner_->get(pod, std::move(request), std::move(done));
    const Question question = questionOf(pod, request);
    if (shelf_.claim(question))
      ask(pod, std::move(request), question, std::move(done));
    else
      waiting_.push_back({pod, std::move(request), std::move(done)});
  }

  void drive(Deadline deadline, std::stop_token stop) override {
    inner_->drive(deadline, stop);
    while (!waiting_.empty()) {
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      if (const auto answer = shelf_.await(questionOf(next.pod, next.request), stop))
        next.done(*answer);
      else
        inner_->get(next.pod, std::move(next.request), std::move(next.done));
      inner_->drive(deadline, stop);
    }
  }

 private:
  struct Waiting {
    Pod pod;
    PodRequest request;
    HttpDone done;
  };

  void ask(const Pod& pod, PodRequest request, const Question& question, HttpDone done) {
    asking_.insert(question);
    inner_->get(pod, std::move(request),
                [this, question, done = std::move(done)](Result<HttpResponse> answer) {
                  asking_.erase(question);
                  if (answer)
                    shelf_.settle(question, *answer);
                  else
                    shelf_.abandon(question);
                  done(std::move(answer));
                });
  }

  Shelf& shelf_;
  std::unique_ptr<PodBatch> inner_;
  std::set<Question> asking_;  // claimed by this batch and not answered yet
  std::deque<Waiting> waiting_;
};

class SharingClient final : public PodClient {
 public:
  explicit SharingClient(PodClient& inner) : inner_(inner) {}
  std::unique_ptr<PodBatch> batch(const AskBudget& budget) override {
    return std::make_unique<SharingBatch>(shelf_, inner_.batch(budget));
  }
  std::map<std::pair<std::string, Reason>, std::uint64_t> counts() const override {
    return inner_.counts();
  }
  std::string reproduce(const Pod& pod, std::string_view path, Door door) const override {
    return inner_.reproduce(pod, path, door);
  }

 private:
  PodClient& inner_;
  Shelf shelf_;
};

}  // namespace

std::unique_ptr<PodClient> shareAnswers(PodClient& inner) {
  return std::make_unique<SharingClient>(inner);
}

}  // namespace rollcall
