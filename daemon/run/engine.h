// The daemon's heart: one thread owns all state, each check has a worker, a poller watches the
// database for changes. Sinks hear every completed run, in order, from the engine's thread.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/core/comparison.h"
#include "daemon/core/report.h"
#include "daemon/core/run_now.h"
#include "daemon/run/services.h"

namespace rollcall {

class Engine {
 public:
  Engine(const CheckRegistry& registry, const Config& config, Services& services,
         std::vector<Sink*> sinks);
  ~Engine();

  // Before run(): dates findings back to when an earlier process first saw them.
  void resume(const std::vector<PastFinding>& findings);
  // Runs until `stop`; returns after running checks ended or were cancelled (at most ~3 s).
  void run(std::stop_token stop);

  // Thread-safe, for the web threads.
  std::shared_ptr<const Report> report() const;  // null before the first round
  MonoTime lastTurn() const;                     // for /livez: the engine turned lately
  bool ready() const;                            // every enabled check has run once

  // A whole run of `check` that began at `since` or later: the one under way, else one that begins
  // at once or right after it. It counts like any other, and the check's rhythm stays. `reply`
  // hears of it once, from the engine's thread, unless the engine ends before. Thread-safe. False,
  // and nothing happens, when there is no such check or it is switched off.
  bool runNow(const std::string& check, MonoTime since, RunReply reply);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
