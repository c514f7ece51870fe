// Ghost's file of redirects, and where pods say that redirects lead.
#include "checks/redirects/pattern.h"
#include "checks/redirects/rule_file.h"
#include "checks/redirects/target.h"
#include "daemon/core/letter_case.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall::checks::redirects {
namespace {

const Site& site() {
  static const Site one{Url{"https", "example.org", 443, "/blog"},
                        Url{"https", "example.org", 443, "/blog"}, ""};
  return one;
}

void checkPattern(const std::string& from) {
  const Pattern pattern(from);
  if (!pattern.example()) return;
  FUZZ_HOLDS(pattern.example()->size() <= from.size() + 2);
  FUZZ_HOLDS(pattern.mayMatch(lowerCase(*pattern.example())));
}

std::string written(const Rules& rules) {
  std::string json = "[";
  for (const Rule& rule : rules)
    json += (json == "[" ? "{\"from\":" : ",{\"from\":") + fuzz::quotedJson(rule.from) +
            ",\"to\":" + fuzz::quotedJson(rule.to) +
            ",\"permanent\":" + (rule.permanent ? "true" : "false") + "}";
  return json + "]";
}

void checkRules(std::string_view text, RuleFormat format) {
  const Result<Rules> rules = parseRules(text, format);
  if (!rules) return FUZZ_HOLDS(fuzz::isFit(rules.error()));
  for (const Rule& rule : *rules) {
    checkPattern(rule.from);
    (void)targetOf(rule, site());
  }
  bool writable = true;  // JSON tells a rule without a target from one whose target is ""
  for (const Rule& rule : *rules)
    writable = writable && fuzz::isShowable(rule.from + rule.to) && !rule.to.empty();
  if (!writable) return;
  const Result<Rules> again = parseRules(written(*rules), RuleFormat::kJson);
  FUZZ_HOLDS(again && *again == *rules);
}

void checkTarget(std::string_view location) {
  const Target target = parseTarget(location, site());
  FUZZ_HOLDS(target == parseTarget(location, site()));
  FUZZ_HOLDS(target.path.size() <= location.size() + 1);
}

}  // namespace
}  // namespace rollcall::checks::redirects

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall::checks::redirects;
  const rollcall::fuzz::Input input(data, size);
  checkRules(input.rest(), RuleFormat::kJson);
  checkRules(input.rest(), RuleFormat::kYaml);
  checkPattern(std::string(input.rest()));
  checkTarget(input.rest());
  return 0;
}
