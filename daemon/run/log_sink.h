// Tells the log what changed from one report to the next.
#pragma once

#include <map>
#include <set>
#include <string>

#include "daemon/core/report.h"
#include "daemon/run/journal.h"

namespace rollcall {

// One line when something starts to be wrong and one when it is over, never one per round; findings
// of the same code on the same pod are one thing. What starts and ends again and again is told ten
// times in ten minutes and then counted.
class LogSink final : public Sink {
 public:
  // `journal` is borrowed.
  explicit LogSink(Journal& journal) : journal_(journal) {}
  void publish(const std::shared_ptr<const Report>& report,
               const CheckRun* latest) noexcept override;

 private:
  struct Condition {
    LogLevel level = LogLevel::kInfo;
    std::string message;
    Journal::Fields fields;
    std::string check;  // of a finding: whose, and on which pod
    std::string pod;
  };
  using Conditions = std::map<std::string, Condition>;  // by what makes it the same one
  struct Track {
    WallTime window{};
    int lines = 0;
    int suppressed = 0;
  };

  static Conditions conditionsOf(const Report& report);
  void tellPods(const Report& report);
  void tell(const std::string& key, LogLevel level, const std::string& message,
            Journal::Fields fields, WallTime now);

  Journal& journal_;
  Conditions active_;
  std::map<std::string, Track> tracks_;
  std::set<std::string> pods_;
};

}  // namespace rollcall
