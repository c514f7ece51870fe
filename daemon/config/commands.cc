#include "daemon/config/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "daemon/config/text.h"
#include "daemon/core/params.h"
#include "daemon/exec/variables.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMostCommands = 32;  // each has a thread while it runs
constexpr std::size_t kMostArguments = 64;
constexpr std::size_t kLongestArgument = 4096;
constexpr std::size_t kLongestName = 63;

const std::vector<ParamDef>& commandParams() {
  static const std::vector<ParamDef> defs = {
      {"timeout", Duration(seconds(10)), "", Duration(milliseconds(100)), Duration(minutes(10))},
      {"per_pod", false, ""},
      {"max_output", std::int64_t{64 * 1024}, "", std::int64_t{1}, std::int64_t{1024 * 1024}}};
  return defs;
}

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

bool isVariableName(std::string_view text) {
  return !text.empty() && text.size() <= 128 && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

class Reader {
 public:
  Reader(const MergedConfig& merged, std::vector<std::string>& problems)
      : merged_(merged), problems_(problems) {}

  // `at` is where it begins: "commands[0]".
  ExecCommand command(const Setting& at) {
    ExecCommand command;
    if (const Setting* name = merged_.find(at.text + ".name"))
      command.name = nameOf(*name);
    else
      fail(at, "the command has no name");
    values(at.text, command);
    argumentsOf(at, command);
    for (const Setting& name : listOf(at.text + ".env")) {
      if (!isVariableName(name.text))
        fail(name, fmt::format("{} is not the name of a variable; its value does not belong here",
                               shown(name.text.substr(0, name.text.find('=')))));
      command.environment.push_back(name.text);
    }
    return command;
  }

 private:
  void fail(const Setting& setting, std::string_view what) {
    problems_.push_back(fmt::format("{}: {}", setting.origin, what));
  }
  std::string nameOf(const Setting& setting) {
    if (!isName(setting.text))
      fail(setting,
           fmt::format("must be at most {} letters, digits, \".\", \"_\" and \"-\"", kLongestName));
    else if (!names_.insert(setting.text).second)
      fail(setting, fmt::format("two commands are named {}: each needs a name of its own",
                                shown(setting.text)));
    return setting.text;
  }
  void values(const std::string& path, ExecCommand& command) {
    std::map<std::string, ParamValue> given;
    for (const ParamDef& def : commandParams()) {
      const std::string name(def.name);
      const Setting* setting = merged_.find(fmt::format("{}.{}", path, name));
      if (setting && fits(name, *setting)) given.emplace(name, setting->text);
    }
    std::vector<std::string> none;
    const Params params = Params::parse(commandParams(), given, path, none);
    command.timeout = params.duration("timeout");
    command.perPod = params.flag("per_pod");
    command.maxOutput = params.count("max_output");
  }
  bool fits(const std::string& name, const Setting& setting) {
    std::vector<std::string> wrong;
    Params::parse(commandParams(), {{name, setting.text}}, "", wrong);
    for (const std::string& problem : wrong) fail(setting, problem.substr(name.size() + 3));
    return wrong.empty();
  }
  // Empty when it is not given.
  std::span<const Setting> listOf(const std::string& path) const {
    const auto found = merged_.lists.find(path);
    if (found == merged_.lists.end()) return {};
    return found->second;
  }
  void argumentsOf(const Setting& at, ExecCommand& command) {
    const std::string path = at.text + ".argv";
    const std::span<const Setting> argv = listOf(path);
    if (!merged_.lists.contains(path))
      return fail(at, "the command has no argv: the program and its arguments");
    if (argv.empty()) return;  // told already: see load.cc
    if (argv.size() > kMostArguments)
      fail(argv.front(), fmt::format("at most {} arguments", kMostArguments));
    if (!argv.front().text.starts_with('/'))
      fail(argv.front(), fmt::format("{} is no absolute path: no shell looks for the program",
                                     shown(argv.front().text)));
    for (const Setting& argument : argv) {
      if (argument.text.size() > kLongestArgument || argument.text.find('\0') != std::string::npos)
        fail(argument, fmt::format("an argument is longer than {} bytes, or holds a zero byte",
                                   kLongestArgument));
      if (const std::string name = unknownVariable(argument.text, command.perPod); !name.empty())
        fail(argument, fmt::format("${} stands for nothing here{}", name,
                                   name.starts_with("ROLLCALL_POD_") && !command.perPod
                                       ? ": the command does not run per_pod"
                                       : ""));
      command.argv.push_back(argument.text);
    }
  }

  const MergedConfig& merged_;
  std::vector<std::string>& problems_;
  std::set<std::string> names_;
};

}  // namespace

void readCommands(const MergedConfig& merged, Config& config, std::vector<std::string>& problems) {
  if (merged.commands.size() > kMostCommands) {
    problems.push_back(fmt::format("{}: at most {} commands can be listed",
                                   merged.commands[kMostCommands].origin, kMostCommands));
    return;
  }
  Reader reader(merged, problems);
  for (const Setting& at : merged.commands) config.commands.push_back(reader.command(at));
}

}  // namespace rollcall
