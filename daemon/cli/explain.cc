#include <fmt/format.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"
#include "daemon/config/text.h"

namespace rollcall {
namespace {

std::string explainCode(const CheckSpec& owner, const FindingDef& def, std::size_t width) {
  std::string text = fmt::format("{}  {}\n{} finding of the check \"{}\"\n\n", def.code, def.title,
                                 name(def.severity), owner.name);
  text += wrapped(def.meaning, 0, width);
  text += fmt::format("\nWhat mends it:\n{}", wrapped(def.remedy, 2, width));
  return text;
}

std::string fallbackText(const ParamValue& value) {
  struct Printer {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(Duration duration) const { return durationText(duration); }
    std::string operator()(const std::string& text) const {
      return text.empty() ? "nothing" : "\"" + text + "\"";
    }
  };
  return std::visit(Printer{}, value);
}

std::string explainCheck(const CheckSpec& spec, std::size_t width) {
  std::string text = fmt::format("{}: {}\n", spec.name, spec.summary);
  text += fmt::format("In the daemon: every {}{}, given up after {}\n", durationText(spec.interval),
                      spec.onChange ? " and whenever the database changes" : "",
                      durationText(spec.timeout));
  if (!spec.params.empty()) {
    text += fmt::format("\nSettings (checks.{}.*):\n", spec.name);
    for (const ParamDef& def : spec.params)
      text += wrapped(fmt::format("{} ({}): {}", def.name, fallbackText(def.fallback), def.help), 2,
                      width);
  }
  if (!spec.findings.empty()) text += "\nFindings:\n";
  for (const FindingDef& def : spec.findings)
    text += fmt::format("  {}  {:<8}  {}\n", def.code, name(def.severity), def.title);
  return text;
}

}  // namespace

int explainCommand(const CheckRegistry& registry, const std::string& what, std::size_t width) {
  if (const FindingDef* def = registry.findCode(what))
    return printOut(explainCode(*registry.ownerOf(what), *def, width)) ? kExitPass : kExitUnknown;
  if (const CheckSpec* spec = registry.find(what))
    return printOut(explainCheck(*spec, width)) ? kExitPass : kExitUnknown;
  std::vector<std::string_view> known;
  for (const CheckSpec* spec : registry.specs()) {
    known.push_back(spec->name);
    for (const FindingDef& def : spec->findings) known.push_back(def.code);
  }
  const std::string near = didYouMean(what, known);
  complain(fmt::format("there is no finding or check {}{}", shown(what),
                       near.empty() ? "; rollcall list shows all" : near));
  return kExitUsage;
}

}  // namespace rollcall
