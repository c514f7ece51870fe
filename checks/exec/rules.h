// What a command's end means, and how it shares its time. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/exec/command_runner.h"
#include "daemon/exec/plugin_output.h"
#include "daemon/exec/variables.h"

namespace rollcall::checks::exec {

// kNothing: it could not look. Only 0, 1 and 2 say anything of what it looked at.
enum class Said { kWell, kWarning, kCritical, kNothing };
Said meaningOf(int exitCode);

// Why a command that said nothing of what it looked at did not: its own words, if it had any.
std::string whyNothing(const CommandAnswer& answer, const PluginOutput& output);

// The whole environment: PATH, LANG=C, what the command is allowed of Rollcall's own (`own` answers
// null for what is not set), and the variables.
std::map<std::string, std::string> environmentFor(const ExecCommand& command,
                                                  const CommandVariables& variables,
                                                  const char* (*own)(const char* name));

// What one of `left` pods may take of the time that is left, so that one that hangs leaves time for
// the others.
Duration shareOf(Duration time, std::size_t left);

// Whether a number named `label` is kept. `known` grows to kMostPluginNumbers labels and no
// further: a command that makes up labels makes no endless series.
bool keepLabel(const std::string& label, std::set<std::string>& known);

}  // namespace rollcall::checks::exec
