#include "daemon/agent/volume_agent.h"

#include <fmt/format.h>

#include "daemon/agent/agent_pages.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/exit_code.h"
#include "daemon/cli/long_run.h"
#include "daemon/core/version.h"

namespace rollcall {
namespace {

// Tells what changed from one look to the next. As information: the check `volume` judges.
class Diary {
 public:
  explicit Diary(Journal& journal) : journal_(journal) {}

  void note(const std::vector<MountLook>& looks) {
    std::string trouble = troubleIn(looks);
    if (last_ && *last_ == trouble) return;
    journal_.write(LogLevel::kInfo, trouble.empty() ? "every folder can be written to" : trouble);
    last_ = std::move(trouble);
  }

 private:
  Journal& journal_;
  std::optional<std::string> last_;
};

}  // namespace

int volumeAgentCommand(const AgentOptions& options) {
  blockSignals();
  const std::unique_ptr<Journal> journal = makeStderrJournal();
  const SystemClock clock;
  const std::unique_ptr<ContentDir> dir = makeContentDir(clock, options.contentPath);
  VolumeAgent agent(clock, *dir, {dir->path(), options.folders, options.interval});
  auto server = startWebServer(options.listen, makeAgentPages(agent, clock));
  if (!server) return refuseToStart(*journal, server.error());
  journal->write(LogLevel::kInfo, "started",
                 {{"version", std::string(kVersion)},
                  {"content_path", dir->path()},
                  {"folders", fmt::format("{}", fmt::join(options.folders, ", "))},
                  {"listen", options.listen},
                  {"port", std::to_string((*server)->port())}});
  Diary diary(*journal);
  const auto onLook = [&diary](const std::vector<MountLook>& looks) { diary.note(looks); };
  runUntilSignal([&](const std::stop_token& stop) { agent.run(stop, onLook); }, *journal);
  (*server)->stop();
  journal->write(LogLevel::kInfo, "stopped");
  return kExitPass;
}

}  // namespace rollcall
