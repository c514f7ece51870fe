// /probe: one check, now, for those who schedule with Prometheus, in the manner of
// blackbox_exporter.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/core/registry.h"
#include "daemon/core/run_now.h"
#include "daemon/web/questions.h"

namespace rollcall {

struct ProbeQuestion {
  std::string check;  // an enabled one
  std::string pod;    // empty = every pod
  Duration patience{};
  std::optional<Pod> known = {};  // `pod` as it is known when it is asked for
};

// `check` and `pod` of the query; how long to wait from X-Prometheus-Scrape-Timeout-Seconds, of
// which half a second is left for the way, else the check's own timeout; two minutes at most.
// kInvalidArgument, one sentence that can be shown.
Result<ProbeQuestion> readProbeQuestion(const WebRequest& request, const CheckPlan& plan);

// kInvalidArgument when `report` does not know the pod.
std::optional<Error> refusePod(const Report& report, const std::string& pod);

// What `run`, which `report` holds, says of `pod`: what names it or no pod at all, judged anew.
// That the pod gets no readers, or started after the run, is a gap. `known`: the pod as it is known
// by now, for the run may have ended a while ago.
Result<CheckRun> runOfPod(const Report& report, const CheckRun& run, const std::string& pod,
                          const std::optional<Pod>& known = {});

struct ProbeContent {
  RunNow runNow;
  const CheckRegistry* registry = nullptr;
  // A run answers whoever asks within this time of its beginning; so often does probing start one.
  Duration minInterval = std::chrono::seconds(10);
};

// Thread: the web server's.
class ProbeDesk {
 public:
  // `clock` is the system's, or behaves as it does.
  ProbeDesk(const Clock& clock, ProbeContent content);
  ~ProbeDesk();
  // The page, or one that is known later.
  WebPage page(const ProbeQuestion& question);
  int news() const;  // as WebPages::news()

 private:
  struct Board;
  std::optional<RunAnswer> answer(const std::string& check, MonoTime asked);
  WebPage tell(const ProbeQuestion& question, const RunAnswer& answer) const;

  const Clock& clock_;
  const ProbeContent content_;
  const std::shared_ptr<Board> board_;  // shared with replies under way
};

}  // namespace rollcall
