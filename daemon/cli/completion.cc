#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

namespace rollcall {
namespace {

constexpr std::string_view kBashHead = R"(# bash completion for rollcall
_rollcall() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) break ;;
      *) path="${path:+$path }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$prev" in
)";
constexpr std::string_view kBashTail = R"(  esac
}
complete -F _rollcall rollcall
)";

std::vector<std::string> flagNames(const CommandInfo& command) {
  std::vector<std::string> names;
  for (const FlagInfo& flag : command.flags) names.push_back(flag.name);
  return names;
}

// Every flag once, whatever command it belongs to.
std::vector<FlagInfo> allFlags(const std::vector<CommandInfo>& commands) {
  std::vector<FlagInfo> flags;
  for (const CommandInfo& command : commands)
    for (const FlagInfo& flag : command.flags)
      if (std::none_of(flags.begin(), flags.end(),
                       [&](const FlagInfo& known) { return known.name == flag.name; }))
        flags.push_back(flag);
  return flags;
}

std::string bash(const std::vector<CommandInfo>& commands) {
  std::string text(kBashHead);
  for (const FlagInfo& flag : allFlags(commands)) {
    std::string reply;
    if (!flag.choices.empty())
      reply = fmt::format("-W '{}'", fmt::join(flag.choices, " "));
    else if (flag.value == FlagInfo::Value::kFile)
      reply = "-f";
    else if (flag.value == FlagInfo::Value::kFolder)
      reply = "-d";
    if (!reply.empty())
      text += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen {} -- \"$cur\"); return ;;\n",
                          flag.name, reply);
    else if (flag.value == FlagInfo::Value::kText)
      text += fmt::format("    {}) return ;;\n", flag.name);
  }
  text += "  esac\n  case \"$path\" in\n";
  for (const CommandInfo& command : commands) {
    std::vector<std::string> words = command.words;
    const std::vector<std::string> flags = flagNames(command);
    words.insert(words.end(), flags.begin(), flags.end());
    text += fmt::format("    '{}') mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\") ;;\n",
                        command.path, fmt::join(words, " "));
  }
  return text + std::string(kBashTail);
}

// Fit for single quotes and for zsh's [help] in _arguments.
std::string zshHelp(std::string_view help) {
  std::string text;
  for (const char c : help) {
    if (c == '\'') {
      text += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':') text += '\\';
    text += c;
  }
  return text;
}

std::string zshAction(const FlagInfo& flag) {
  if (!flag.choices.empty()) return fmt::format(":value:({})", fmt::join(flag.choices, " "));
  switch (flag.value) {
    case FlagInfo::Value::kNone:
      return "";
    case FlagInfo::Value::kText:
      return ":value:";
    case FlagInfo::Value::kFile:
      return ":file:_files";
    case FlagInfo::Value::kFolder:
      return ":folder:_files -/";
  }
  return "";
}

std::string zsh(const std::vector<CommandInfo>& commands) {
  std::string text =
      "#compdef rollcall\n"
      "# zsh completion for rollcall\n"
      "_rollcall() {\n"
      "  local path=''\n"
      "  local -i i\n"
      "  for (( i = 2; i < CURRENT; i++ )); do\n"
      "    [[ ${words[i]} == -* ]] && break\n"
      "    path=\"${path:+$path }${words[i]}\"\n"
      "  done\n"
      "  case \"$path\" in\n";
  for (const CommandInfo& command : commands) {
    text += fmt::format("    '{}')\n", command.path);
    if (!command.words.empty())
      text += fmt::format("      compadd -- {}\n", fmt::join(command.words, " "));
    if (!command.flags.empty()) {
      text += "      _arguments";
      for (const FlagInfo& flag : command.flags)
        text += fmt::format(" \\\n        '{}{}[{}]{}'", flag.name == "--pod" ? "*" : "", flag.name,
                            zshHelp(flag.help), zshAction(flag));
      text += "\n";
    }
    text += "      ;;\n";
  }
  text +=
      "  esac\n}\n"
      "if [[ \"$funcstack[1]\" == _rollcall ]]; then\n  _rollcall \"$@\"\n"
      "else\n  compdef _rollcall rollcall\nfi\n";
  return text;
}

std::string fishQuoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

// When `path` is what stands on the line so far.
std::string fishCondition(const CommandInfo& command) {
  if (command.path.empty()) return "__fish_use_subcommand";
  const auto space = command.path.find(' ');
  if (space == std::string::npos) {
    std::string condition = "__fish_seen_subcommand_from " + command.path;
    for (const std::string& word : command.words)
      condition +=
          (command.path == "config" ? "; and not __fish_seen_subcommand_from " + word : "");
    return condition;
  }
  return fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}",
                     command.path.substr(0, space), command.path.substr(space + 1));
}

std::string fish(const std::vector<CommandInfo>& commands) {
  std::string text = "# fish completion for rollcall\ncomplete -c rollcall -f\n";
  for (const CommandInfo& command : commands) {
    const std::string condition = fishQuoted(fishCondition(command));
    for (const std::string& word : command.words)
      text += fmt::format("complete -c rollcall -n {} -a {}\n", condition, word);
    for (const FlagInfo& flag : command.flags) {
      text += fmt::format("complete -c rollcall -n {} -l {} -d {}", condition, flag.name.substr(2),
                          fishQuoted(flag.help));
      if (!flag.choices.empty())
        text +=
            fmt::format(" -x -a {}", fishQuoted(fmt::format("{}", fmt::join(flag.choices, " "))));
      else if (flag.value == FlagInfo::Value::kFile)
        text += " -r -F";
      else if (flag.value == FlagInfo::Value::kFolder)
        text += " -x -a '(__fish_complete_directories)'";
      else if (flag.value == FlagInfo::Value::kText)
        text += " -x";
      text += "\n";
    }
  }
  return text;
}

}  // namespace

int completionCommand(const std::string& shell) {
  const std::vector<CommandInfo> commands = describeCommands();
  const std::string script = shell == "bash"  ? bash(commands)
                             : shell == "zsh" ? zsh(commands)
                                              : fish(commands);
  return printOut(script) ? kExitPass : kExitUnknown;
}

}  // namespace rollcall
