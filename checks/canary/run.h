// One look through all pods at a file that is put on the volume for it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/canary/files.h"
#include "checks/canary/look.h"
#include "checks/canary/rules.h"
#include "daemon/core/check.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::canary {

// What is remembered from run to run.
struct Kept {
  std::vector<std::string> left;        // canaries that could not be removed
  std::map<std::string, Seen> claimed;  // by pod: what the last run claimed of it
  std::set<std::string> behind;         // pods that the last run saw in an old state
};

class Run {
 public:
  // context.dir is there.
  Run(Kept& kept, const CheckContext& context) : kept_(kept), context_(context) {}
  Outcome run();

 private:
  bool put(CanaryFile& file);
  bool removeLeft();
  void cannotPut(const Error& why);
  void lookThrough(CanaryFile& file);
  void ask(const std::vector<Look*>& looks, Stage stage, Reason reason);
  void askAgain(Stage stage);
  void tellSilentFromGone();
  void judge(CanaryFile& file);
  bool isStillThere(CanaryFile& file);
  void judgeTogether(Scene scene);
  void judgePod(const Look& look, Scene scene);
  void followRemoval(CanaryFile& file);
  void judgeOld(const Look& look);
  void claim(const Look& look);
  std::string commandFor(const Pod& pod) const;
  void compareTimes();
  void gap(const Look& look, Error why);
  bool isCertain(const Look& look) const;
  bool isStopped();
  Deadline volumeDeadline() const;
  std::vector<Look*> those(const std::function<bool(const Look&)>& wanted);

  Kept& kept_;
  const CheckContext& context_;
  std::vector<Look> looks_;
  std::string name_;
  Texts texts_;
  WallTime changed_{};  // the file's time, by the volume's clock
  std::size_t asked_ = 0;
  Outcome outcome_;
  std::map<std::string, Seen> claimed_;
  std::set<std::string> behind_;
};

}  // namespace rollcall::checks::canary
