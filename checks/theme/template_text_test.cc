#include "checks/theme/template_text.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

namespace rollcall::checks::theme {
namespace {

// What is computed is shown as '*'; "-" when the template cannot be understood.
std::string certain(std::string_view source,
                    const std::map<std::string, std::string, std::less<>>& partials = {}) {
  auto text = certainText(source, "post", [&](std::string_view name) -> std::optional<std::string> {
    const auto found = partials.find(name);
    if (found == partials.end()) return std::nullopt;
    return found->second;
  });
  if (!text) return "-";
  std::ranges::replace(*text, '\x01', '*');
  return *text;
}

struct Case {
  const char* name;
  const char* source;
  const char* text;
};
class Templates : public testing::TestWithParam<Case> {};

TEST_P(Templates, printWhatIsCertain) {
  EXPECT_EQ(certain(GetParam().source), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    All, Templates,
    testing::Values(
        Case{"plain", "<p>a</p>", "<p>a</p>"},
        Case{"expression", "By {{author}}, {{{body}}}!", "By *, *!"},
        Case{"block", "a{{#if x}}b{{else}}c{{/if}}d", "a*d"},
        Case{"nested", "a{{#if x}}b{{#if y}}c{{/if}}d{{/if}}e", "a*e"},
        Case{"trimmed", "a{{~#if x~}}b{{~/if~}}c", "a*c"},
        Case{"inverted", "a{{^x}}b{{/x}}c", "a*c"},
        Case{"else_as_caret", "a{{#x}}b{{^}}c{{/x}}d", "a*d"},
        Case{"comment", "a{{! {{#if }}b", "ab"},
        Case{"long_comment", "a{{!-- {{ghost_head}} -- --}}b", "ab"},
        Case{"layout", "{{!< default}}a", "a"},
        Case{"subject", "a{{#post}}b{{#if x}}c{{/if}}d{{/post}}e", "ab*de"},
        Case{"hidden_subject", "a{{#if x}}{{#post}}b{{/post}}{{/if}}c", "a*c"},
        Case{"other_half", "a{{#post}}b{{else}}c{{/post}}", "-"},
        Case{"stray_else", "a{{else}}b", "-"}, Case{"missing_partial", "a{{> b}}c", "a*c"},
        Case{"open_block", "a{{#if x}}b", "-"}, Case{"closed_too_often", "a{{/if}}b", "-"},
        Case{"open_tag", "a{{b", "-"}, Case{"open_comment", "a{{!-- b", "-"},
        Case{"raw", "{{{{raw}}}}{{x}}{{{{/raw}}}}", "-"}, Case{"escaped", "a\\{{b}}", "-"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Partials, areReadWhereTheyAreAlwaysIncluded) {
  EXPECT_EQ(certain("a{{> \"x/nav\" layout=b}}c{{#if y}}{{> foot}}{{/if}}",
                    {{"x/nav", "<nav>{{z}}</nav>"}, {"foot", "never"}}),
            "a<nav>*</nav>c*");
}

TEST(Partials, mayIncludeThemselvesWithoutEnd) {
  EXPECT_NE(certain("{{> a}}", {{"a", "x{{> a}}{{> a}}{{> a}}{{> a}}{{> a}}"}}), "");
}

}  // namespace
}  // namespace rollcall::checks::theme
