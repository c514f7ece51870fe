// What is remembered from run to run: where the sample stands, what changed, what is known to be
// wrong. Pure: time is an argument. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/redirects/expectations.h"
#include "checks/redirects/questions.h"
#include "daemon/core/clock.h"

namespace rollcall::checks::redirects {

// Something that is wrong on one pod.
struct Claim {
  Question question;
  Answer answer;
};

class Memory {
 public:
  struct Now {
    const Expectations& expected;
    bool rules = false;      // the file's rules are known in this run
    bool offers = false;     // the offers are
    std::size_t sample = 0;  // how many to ask in turn
    std::size_t turn = 0;    // where a one-shot run begins beyond the newest
    bool once = false;       // there is no next run: half of the sample are the newest
  };
  // What to ask: what changed since the last run (the most urgent), a few that are known to be
  // wrong (of every accused pod one at least), and the next ones in turn, newest first.
  std::vector<Question> plan(const Now& now);
  // More that changed is to be asked: run again soon.
  bool wantsMore() const { return !urgent_.empty(); }

  // How much longer a difference has to wait; zero when it may be claimed.
  Duration patience(const Question& question, const std::string& pod, MonoTime now,
                    Duration settle);
  // Of the rules and offers that were expected in the last run, and of rules that are gone.
  std::vector<std::string> paths() const;
  bool isClaimed(const std::string& path, const std::string& pod) const;

  void right(const Question& question, const std::string& pod);
  void wrong(const Question& question, const std::string& pod, Answer answer);
  // Could not be told: a rule that is gone is not forgotten yet.
  void unclear(const Question& question) { unclear_.insert(question.expected.path); }
  // After a run: forgets pods that are gone, and what a pod that has healed had been claimed of.
  void settleUp(const std::vector<std::string>& pods);

  // path -> pod -> what is wrong.
  const std::map<std::string, std::map<std::string, Claim>>& claims() const { return claims_; }

 private:
  void learn(const Now& now);
  void forgetStale();
  std::vector<std::string> claimsToRecheck();
  const Expectation* find(const std::string& path) const;

  std::map<std::string, Expectation> known_;    // by path
  std::map<std::string, Expectation> removed_;  // rules that are gone and that a pod may follow yet
  std::set<std::string> urgent_;
  std::map<std::string, std::map<std::string, Claim>> claims_;
  std::map<std::pair<std::string, std::string>, MonoTime> firstSeen_;  // by path and pod
  std::set<std::string> healed_;                                       // pods, in this run
  std::set<std::string> askedNow_;                                     // paths, in this run
  std::set<std::string> unclear_;                                      // paths, in this run
  std::size_t position_ = 0, rechecks_ = 0;
  bool started_ = false;
};

}  // namespace rollcall::checks::redirects
