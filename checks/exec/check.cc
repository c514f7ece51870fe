// Commands that people wrote, as checks, by the contract of Nagios plug-ins.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <utility>

#include "checks/exec/rules.h"

namespace rollcall::checks {
namespace exec {
namespace {

const std::vector<FindingDef> kFindings = {
    {"RC681", Severity::kWarning, "a command warns",
     "A command from `commands` in Rollcall's configuration ended with exit code 1, by which a "
     "plug-in of Nagios says WARNING. What that means is the command's business: its words are in "
     "the message.",
     "see what the command says, and its own documentation"},
    {"RC682", Severity::kCritical, "a command finds something broken",
     "A command from `commands` in Rollcall's configuration ended with exit code 2, by which a "
     "plug-in of Nagios says CRITICAL. What that means is the command's business: its words are in "
     "the message.",
     "see what the command says, and its own documentation"},
};
const FindingDef& kWarns = kFindings[0];
const FindingDef& kBroken = kFindings[1];

const char* ownVariable(const char* name) {
  return std::getenv(name);
}

// What one command's runs said.
struct Heard {
  std::vector<Finding> findings;
  std::vector<Gap> gaps;
  std::vector<CommandNumber> numbers;
  std::size_t dropped = 0;
};

Finding findingOf(const ExecCommand& command, const std::string& pod, const FindingDef& def,
                  int exitCode, const PluginOutput& output) {
  Finding finding;
  finding.def = &def;
  finding.pod = pod;
  finding.resource = ResourceRef{.type = "command", .id = command.name, .slug = "", .url = ""};
  finding.message = fmt::format("{}{}{}: {}", command.name, pod.empty() ? "" : " for ", pod,
                                output.text.empty() ? "it printed nothing" : output.text);
  finding.evidence = {{"exit_code", std::to_string(exitCode)}};
  if (!output.details.empty()) finding.evidence["details"] = output.details;
  finding.reproduce = "rollcall check --only exec";
  return finding;
}

// Runs `command` once, for `pod` when it is not null.
void look(const CheckContext& context, const ExecCommand& command, const Pod* pod,
          Deadline deadline, Heard& heard) {
  const std::string name = pod == nullptr ? "" : pod->name;
  const auto missed = [&](Error why) {
    heard.gaps.push_back({name, fmt::format("command {}", command.name), std::move(why)});
  };
  const CommandVariables variables = commandVariables(context.site, pod);
  CommandCall call{.key = command.name + " " + name,
                   .argv = {},
                   .variables = environmentFor(command, variables, ownVariable),
                   .timeout = command.timeout,
                   .maxOutput = command.maxOutput};
  for (const std::string& argument : command.argv)
    call.argv.push_back(filledIn(argument, variables));
  const Result<CommandAnswer> answer = context.commands->run(call, deadline, context.stop);
  if (!answer) return missed(answer.error());

  const PluginOutput output = readPluginOutput(answer->output);
  heard.dropped += output.dropped;
  for (const PluginNumber& one : output.numbers)
    heard.numbers.push_back({command.name, one.label, name, one.unit, one.value});
  const Said said = meaningOf(answer->exitCode);
  if (said == Said::kNothing) return missed({ErrorCode::kProtocol, whyNothing(*answer, output)});
  if (said == Said::kWell) return;
  heard.findings.push_back(findingOf(command, name, said == Said::kWarning ? kWarns : kBroken,
                                     answer->exitCode, output));
}

// One pod after the other. `first` moves from run to run, so that it is not always the same pods
// that a hanging one leaves little time for.
Heard lookOnEachPod(const CheckContext& context, const ExecCommand& command, std::size_t first) {
  Heard heard;
  std::vector<const Pod*> pods;
  for (const Pod& pod : context.topology.pods)
    if (pod.mayBeBlamed()) pods.push_back(&pod);
  if (pods.empty() && !context.topology.stale.empty())
    heard.gaps.push_back({"",
                          fmt::format("command {}", command.name),
                          {ErrorCode::kUnavailable, "no pod is known: " + context.topology.stale}});
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const Duration share = shareOf(context.deadline.left(context.clock), pods.size() - i);
    look(context, command, pods[(first + i) % pods.size()], Deadline::after(context.clock, share),
         heard);
  }
  return heard;
}

Heard lookOnce(const CheckContext& context, const ExecCommand& command) {
  Heard heard;
  look(context, command, nullptr, context.deadline, heard);
  return heard;
}

class ExecCheck final : public Check {
 public:
  Result<Outcome> run(const CheckContext& context) override;

 private:
  void take(const ExecCommand& command, Heard heard, Outcome& outcome);

  std::size_t round_ = 0;
  std::map<std::string, std::set<std::string>> labels_;  // by command
};

Result<Outcome> ExecCheck::run(const CheckContext& context) {
  Outcome outcome;
  if (context.commands == nullptr || context.exec == nullptr || context.exec->empty()) {
    outcome.notApplicable = "no commands are configured";
    return outcome;
  }
  const std::size_t round = round_++;
  // A thread each: a command that hangs holds up none but itself.
  std::vector<std::future<Heard>> underWay;
  for (const ExecCommand& command : *context.exec)
    underWay.push_back(std::async(std::launch::async, [&context, &command, round] {
      return command.perPod ? lookOnEachPod(context, command, round) : lookOnce(context, command);
    }));
  for (std::size_t i = 0; i < underWay.size(); ++i)
    take((*context.exec)[i], underWay[i].get(), outcome);
  return outcome;
}

void ExecCheck::take(const ExecCommand& command, Heard heard, Outcome& outcome) {
  std::ranges::move(heard.findings, std::back_inserter(outcome.findings));
  std::ranges::move(heard.gaps, std::back_inserter(outcome.gaps));
  std::set<std::string>& known = labels_[command.name];
  for (CommandNumber& number : heard.numbers) {
    if (keepLabel(number.label, known))
      outcome.tally.commandNumbers.push_back(std::move(number));
    else
      ++heard.dropped;
  }
  if (heard.dropped > 0)
    outcome.notes.push_back(
        fmt::format("{} number{} of the command {} {} left out: not readable, named twice, or more "
                    "than {} names",
                    heard.dropped, heard.dropped == 1 ? "" : "s", command.name,
                    heard.dropped == 1 ? "was" : "were", kMostPluginNumbers));
}

std::unique_ptr<Check> make(const Params&) {
  return std::make_unique<ExecCheck>();
}

}  // namespace
}  // namespace exec

const CheckSpec& execSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "exec",
      .summary = "the commands of the configuration, run as plug-ins of Nagios, find nothing",
      .needs = {Need::kLead},
      .interval = 60s,
      .timeout = 50s,
      .onChange = false,
      .findings = exec::kFindings,
      .params = {},
      .make = exec::make,
  };
  return spec;
}

}  // namespace rollcall::checks
