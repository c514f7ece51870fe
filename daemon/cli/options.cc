#include "daemon/cli/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <span>

#include "daemon/cli/command_table.h"
#include "daemon/config/text.h"
#include "daemon/content/volume_folders.h"
#include "daemon/core/version.h"
#include "daemon/sinks/text.h"

namespace rollcall {
namespace {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(30);
    label("REQUIRED", "");
    label("OPTIONS", "FLAGS");
  }
  // Without CLI11's types and defaults: "--db URL".
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string& metavar = option->get_type_name();
    return metavar.empty() ? "" : " " + metavar;
  }
};

// The CLI11 app and where it puts what it reads.
class CommandLine {
 public:
  CommandLine() : app_("Rollcall: does every pod of this Ghost site answer for every post?") {
    app_.name("rollcall");
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.set_help_flag("-h,--help", "Show this help");
    app_.set_version_flag("--version", fmt::format("rollcall {}", kVersion), "Show the version");
    app_.footer(std::string(kUsage) +
                "\nrollcall COMMAND --help shows its flags, examples and exit codes.\n");
    app_.require_subcommand(0, 1);
    for (const CommandSpec& spec : commandTable()) add(spec);
  }

  CLI::App& app() { return app_; }

  struct Sub {
    const CommandSpec* spec;
    CLI::App* app;
    std::map<const FlagSpec*, std::vector<std::string>> values;
    std::string argument;
    bool verbose = false;
    CLI::Option* watch = nullptr;
    std::vector<std::string> watchEvery;
  };
  const Sub* parsed() const {
    for (const Sub& sub : subs_)
      if (sub.app->parsed()) return &sub;
    return nullptr;
  }

 private:
  CLI::App& parentOf(std::string_view path) {
    if (path.find(' ') == std::string_view::npos) return app_;
    if (!config_) {
      config_ = app_.add_subcommand("config", kConfigHelp);
      config_->require_subcommand(0, 1);
      config_->set_help_flag("-h,--help", "Show this help");
    }
    return *config_;
  }
  void add(const CommandSpec& spec) {
    const std::string_view path = spec.path;
    CLI::App& parent = parentOf(path);
    const std::string name(path.substr(path.rfind(' ') + 1));
    CLI::App* app = parent.add_subcommand(name, spec.help);
    app->set_help_flag("-h,--help", "Show this help");
    app->footer(spec.examples);
    Sub& sub = subs_.emplace_back(Sub{&spec, app, {}, "", false, nullptr, {}});
    for (const FlagSpec* flag : flagsOf(spec.command))
      app->add_option(flag->name, sub.values[flag], flag->help)
          ->type_name(flag->metavar)
          ->type_size(1)
          ->expected(1, CLI::detail::expected_max_vector_size)
          ->allow_extra_args(false);
    if (takesVerbose(spec.command)) app->add_flag("--verbose", sub.verbose, kVerboseHelp);
    if (spec.command == Command::kCheck)
      sub.watch = app->add_option("--watch", sub.watchEvery, kWatchHelp)
                      ->type_name("[SECONDS]")
                      ->expected(0, 1);
    if (spec.command == Command::kExplain)
      app->add_option("code", sub.argument, "a code such as RC201, or a check's name")
          ->type_name("CODE");
    if (spec.command == Command::kCompletion)
      app->add_option("shell", sub.argument, "bash, zsh or fish")->type_name("SHELL");
  }

  CLI::App app_;
  CLI::App* config_ = nullptr;
  std::deque<Sub> subs_;
};

Answer refuse(std::string_view command, std::string_view what) {
  return {fmt::format("rollcall{}{}: {}\n", command.empty() ? "" : " ", command, visible(what)),
          kExitUsage};
}

std::vector<std::string_view> commandNames(std::string_view below) {
  std::vector<std::string_view> names;
  for (const CommandSpec& spec : commandTable()) {
    const std::string_view path = spec.path;
    const auto space = path.find(' ');
    if (below.empty() && space == std::string_view::npos) names.push_back(path);
    if (!below.empty() && space != std::string_view::npos && path.substr(0, space) == below)
      names.push_back(path.substr(space + 1));
  }
  if (below.empty()) names.push_back("config");
  return names;
}

// The sub-command's path as far as the arguments name one, "config check" at most.
std::string commandPath(const std::vector<std::string>& arguments) {
  std::string path;
  for (const std::string& argument : arguments) {
    const std::vector<std::string_view> known = commandNames(path);
    if (std::find(known.begin(), known.end(), argument) == known.end()) break;
    path += (path.empty() ? "" : " ") + argument;
  }
  return path;
}

std::vector<std::string_view> flagNames(std::string_view path) {
  std::vector<std::string_view> names = {"--help"};
  for (const CommandSpec& spec : commandTable()) {
    if (path != spec.path) continue;
    for (const FlagSpec* flag : flagsOf(spec.command)) names.push_back(flag->name);
    if (takesVerbose(spec.command)) names.push_back("--verbose");
    if (spec.command == Command::kCheck) names.push_back("--watch");
  }
  return names;
}

bool isFlag(std::string_view argument) {
  return argument.size() > 1 && argument[0] == '-';
}
// "--db=mysql://..." without its value.
std::string_view flagName(std::string_view argument) {
  return argument.substr(0, argument.find('='));
}

// The first argument nobody understood, as a sentence.
Answer unknownArgument(const std::string& path, const std::vector<std::string>& extras) {
  for (const std::string& extra : extras) {
    if (!isFlag(extra)) continue;
    const std::string_view name = flagName(extra);
    const std::string quoted = shown(name);
    const std::string plain = quoted.substr(1, quoted.size() - 2);
    if (path == "serve" || path == "check" || path == "report" || path.starts_with("config "))
      if (name.find("pass") != std::string_view::npos ||
          !nearest(name, {"--password", "--db-password"}).empty())
        return refuse(path, fmt::format("{}: passwords are not taken from the command line, others "
                                        "can read it: use --db-password-file or "
                                        "ROLLCALL_DB_PASSWORD",
                                        plain));
    return refuse(path,
                  fmt::format("{}: unknown flag{}", plain, didYouMean(name, flagNames(path))));
  }
  const std::string& word = extras.front();
  const std::vector<std::string_view> names = commandNames(path);
  if (path.empty() || path == "config") {
    const std::string near = didYouMean(word, names);
    return refuse(
        path,
        fmt::format("{}: unknown command{}", shown(word),
                    near.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : near));
  }
  return refuse(path, fmt::format("{} is not expected here: settings are given as flags, see "
                                  "rollcall {} --help",
                                  shown(word), path));
}

// The flag of `path` that stands last, before another flag or before nothing but "=".
Answer missingValue(const std::string& path, const std::vector<std::string>& arguments) {
  const std::vector<std::string_view> known = flagNames(path);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = flagName(arguments[i]);
    const bool takesValue = std::find(known.begin(), known.end(), name) != known.end() &&
                            name != "--verbose" && name != "--watch" && name != "--help";
    const bool atEnd = i + 1 == arguments.size() || isFlag(arguments[i + 1]);
    const bool lacks = name == arguments[i] ? atEnd : arguments[i].size() == name.size() + 1;
    if (takesValue && lacks) return refuse(path, fmt::format("{}: needs a value", name));
  }
  return refuse(path, fmt::format("a flag lacks its value or has one too many, see rollcall {} "
                                  "--help",
                                  path));
}

template <class T>
std::optional<T> choose(std::span<const std::pair<const char*, T>> choices, std::string_view text) {
  for (const auto& [name, value] : choices)
    if (text == name) return value;
  return std::nullopt;
}
template <class T>
std::vector<std::string_view> namesOf(std::span<const std::pair<const char*, T>> choices) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : choices) names.push_back(name);
  return names;
}

// "posts,pods" as two names; empty ones are left out.
void splitNames(std::string_view text, std::vector<std::string>& names) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) names.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
}

// From the values of flags to Options; the first mistake is the answer.
class Converter {
 public:
  explicit Converter(const CommandLine::Sub& sub) : sub_(sub) {
    options_.command = sub.spec->command;
    options_.flags.source = "flags";
    options_.verbose = sub.verbose;
    if (options_.command != Command::kReport) return;
    options_.output = OutputFormat::kMarkdown;
    options_.timeout = std::chrono::minutes(30);
  }

  std::variant<Options, Answer> convert() {
    for (const auto& [flag, values] : sub_.values) {
      if (values.empty()) continue;
      const std::string_view name = flag->name;
      const bool repeats = name == "--pod" || name == "--only";
      if (!repeats && values.size() > 1) fail(name, "given more than once");
      for (const std::string& value : values)
        if (value.empty() || value.starts_with("--")) fail(name, "needs a value");
      take(*flag, values);
    }
    if (options_.command == Command::kServe && sub_.verbose)
      options_.ignored.emplace_back("--verbose");
    if (sub_.watch && sub_.watch->count() > 0) watch();
    argument();
    if (answer_) return *answer_;
    return std::move(options_);
  }

 private:
  void fail(std::string_view name, std::string_view what) {
    if (!answer_) answer_ = refuse(sub_.spec->path, fmt::format("{}: {}", name, what));
  }
  void take(const FlagSpec& flag, const std::vector<std::string>& values) {
    const std::string_view name = flag.name;
    if (name == "--config") {
      options_.configFile = values.back();
    } else if (name == "--ghost-config") {
      options_.ghostConfig = values.back();
    } else if (name == "--address") {
      address(name, values.back());
    } else if (name == "--pod") {
      options_.flags.lists[flag.path] = values;
      options_.flags.origins[flag.path] = flag.name;
    } else if (*flag.path) {
      options_.flags.values[flag.path] = values.back();
      options_.flags.origins[flag.path] = flag.name;
      options_.report.webhook = options_.report.webhook || name == "--webhook";
    } else if (options_.command == Command::kVolumeAgent) {
      agent(name, values.back());
    } else {
      run(name, values);
    }
  }
  void address(std::string_view name, const std::string& value) {
    const Result<Url> url = parseUrl("http://" + value);
    if (!url || url->path != "/" || value.ends_with('/') || value.find(':') == std::string::npos)
      fail(name, fmt::format("{} is not HOST:PORT, such as 127.0.0.1:9868", shown(value)));
    options_.address = value;
  }
  void agent(std::string_view name, const std::string& value) {
    if (name == "--content-path") {
      options_.agent.contentPath = value;
    } else if (name == "--listen") {
      options_.agent.listen = value;
    } else if (name == "--folders") {
      folders(name, value);
    } else {
      duration(name, value, std::chrono::seconds(1), options_.agent.interval);
    }
  }
  void folders(std::string_view name, std::string_view value) {
    auto folders = parseFolders(value);
    if (!folders) return fail(name, folders.error().message);
    options_.agent.folders = std::move(*folders);
  }
  void run(std::string_view name, const std::vector<std::string>& values) {
    const std::string& value = values.back();
    if (name == "--only") {
      for (const std::string& one : values) splitNames(one, options_.only);
      if (options_.only.empty()) fail(name, "names no check");
    } else if (name == "--output") {
      pick(name, value, outputsOf(options_.command), options_.output);
    } else if (name == "--fail-on") {
      pick(name, value, std::span<const std::pair<const char*, FailOn>>(kFailOns), options_.failOn);
    } else if (name == "--output-dir") {
      options_.report.folder = value;
    } else if (name == "--push") {
      pushUrl(name, value);
    } else {
      duration(name, value, std::chrono::milliseconds(100), options_.timeout);
    }
    if (options_.command == Command::kServe && name != "--only")
      options_.ignored.emplace_back(name);
  }
  void pushUrl(std::string_view name, const std::string& value) {
    const Result<Url> url = parseUrl(value);
    if (!url) return fail(name, url.error().message);
    options_.report.pushUrl = url->text();
  }
  template <class T>
  void pick(std::string_view name, const std::string& value,
            std::span<const std::pair<const char*, T>> all, T& target) {
    if (const std::optional<T> chosen = choose(all, value))
      target = *chosen;
    else
      fail(name, fmt::format("{} is none of {}{}", shown(value), fmt::join(namesOf(all), ", "),
                             didYouMean(value, namesOf(all))));
  }
  void duration(std::string_view name, const std::string& value, Duration least, Duration& target) {
    const Result<Duration> given = parseDuration(value);
    if (!given) return fail(name, given.error().message);
    if (*given < least || *given > std::chrono::hours(1))
      return fail(name, fmt::format("must be from {} to 1h", durationText(least)));
    target = *given;
  }
  // Empty, "10" or "2m".
  void watch() {
    std::string every = sub_.watchEvery.empty() ? "" : sub_.watchEvery.back();
    if (every.empty()) every = "5";
    if (every.find_first_not_of("0123456789") == std::string::npos) every += "s";
    Duration rest{};
    duration("--watch", every, std::chrono::seconds(1), rest);
    options_.watch = rest;
    if (options_.output != OutputFormat::kTable)
      fail("--watch", "shows the table, leave --output out");
  }
  void argument() {
    if (options_.command == Command::kVolumeAgent) {
      if (options_.agent.contentPath.empty()) fail("--content-path", "name Ghost's content folder");
      if (options_.agent.folders.empty()) folders("--folders", kGhostFolders);
    }
    if (options_.command == Command::kExplain) {
      if (sub_.argument.empty())
        answer_ = refuse(sub_.spec->path,
                         "name a code such as RC201, or a check; rollcall list "
                         "shows them");
      options_.code = sub_.argument;
    }
    if (options_.command == Command::kCompletion) {
      if (std::find(std::begin(kShells), std::end(kShells), sub_.argument) == std::end(kShells))
        answer_ = refuse(sub_.spec->path, "name a shell: bash, zsh or fish");
      options_.shell = sub_.argument;
    }
  }

  const CommandLine::Sub& sub_;
  Options options_;
  std::optional<Answer> answer_;
};

}  // namespace

std::variant<Options, Answer> parseOptions(const std::vector<std::string>& arguments) {
  CommandLine line;
  const std::string path = commandPath(arguments);
  try {
    line.app().parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return Answer{line.app().help(), 0};
  } catch (const CLI::CallForVersion& version) {
    return Answer{std::string(version.what()) + "\n", 0};
  } catch (const CLI::ParseError&) {
    const std::vector<std::string> extras = line.app().remaining(true);
    return extras.empty() ? missingValue(path, arguments) : unknownArgument(path, extras);
  }
  const CommandLine::Sub* sub = line.parsed();
  if (sub) return Converter(*sub).convert();
  if (path == "config")
    return refuse(path, "name what to do: rollcall config check, or rollcall config show");
  return Answer{shortHelp(), kExitUsage};
}

std::string shortHelp() {
  return fmt::format(
      "Rollcall {}: does every pod of this Ghost site answer for every post?\n\n{}\n"
      "More: rollcall --help, rollcall check --help\n",
      kVersion, kUsage);
}

std::vector<CommandInfo> describeCommands() {
  const auto texts = [](const auto& names) {
    return std::vector<std::string>(std::begin(names), std::end(names));
  };
  std::vector<CommandInfo> commands;
  commands.push_back({"", "", {}, texts(commandNames(""))});
  commands.push_back({"config", kConfigHelp, {}, texts(commandNames("config"))});
  for (const CommandSpec& spec : commandTable()) {
    CommandInfo info{spec.path, spec.help, {}, {}};
    for (const FlagSpec* flag : flagsOf(spec.command)) {
      const std::string_view name = flag->name;
      FlagInfo described{flag->name, flag->help, {}, flag->kind};
      if (name == "--output") described.choices = texts(namesOf(outputsOf(spec.command)));
      if (name == "--webhook") described.choices = texts(kWebhookFormats);
      if (name == "--fail-on")
        described.choices =
            texts(namesOf(std::span<const std::pair<const char*, FailOn>>(kFailOns)));
      info.flags.push_back(std::move(described));
    }
    if (takesVerbose(spec.command))
      info.flags.push_back({"--verbose", kVerboseHelp, {}, FlagInfo::Value::kNone});
    if (spec.command == Command::kCheck)
      info.flags.push_back({"--watch", kWatchHelp, {}, FlagInfo::Value::kNone});
    info.flags.push_back({"--help", "Show this help", {}, FlagInfo::Value::kNone});
    if (spec.command == Command::kCompletion) info.words = texts(kShells);
    commands.push_back(std::move(info));
  }
  return commands;
}

}  // namespace rollcall
