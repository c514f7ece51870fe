#include "daemon/ghost/error_message.h"

#include <gtest/gtest.h>

#include "daemon/ghost/api.h"

namespace rollcall::ghost {
namespace {

TEST(ErrorPages, TheMessageIsTheDescriptionElseTheTitle) {
  struct Row {
    const char* html;
    const char* want;
  };
  for (const Row& row :
       {Row{"<title>500 \u2014 x</title><section class=\"error-message\">"
            "<h1 class=\"error-code\">500</h1>\n<h2 class=\"error-description\">The currently "
            "active theme &quot;casper&quot; is missing.</h2><a>front page</a></section>",
            "The currently active theme \"casper\" is missing."},
        Row{"<p class='lead gh-error-description big'>A <b>bold</b>\n\n  word &amp;lt;</p>",
            "A bold word &lt;"},
        Row{"<p class=\"error-descriptions\">no</p><title>yes</title>", "yes"},
        Row{"<p id=\"error-description\">no</p><TITLE lang=en>We&#x27;ll be right "
            "back</TITLE>",
            "We'll be right back"},
        Row{"<div class=\"error-message\"><p>Page not found</p></div>", "Page not found"},
        Row{"<h2 class=error-description>bare</h2>", "bare"},
        Row{"<h2 class=\"error-description\"></h2><title>t</title>", "t"},
        Row{"<h2 class=\"error-description\">never closed", "never closed"},
        Row{"error-description", ""}, Row{"<title", ""}, Row{"<title>", ""}, Row{"", ""},
        Row{"no markup", ""}, Row{"<h2 class=\"error-description\"", ""}}) {
    EXPECT_EQ(errorMessage("text/html; charset=utf-8", row.html), row.want) << row.html;
  }
}

TEST(ErrorPages, TerminalEscapesAndOverridesNeverPass) {
  EXPECT_EQ(htmlMessage("<title>a&#27;[2J&#x9b;31m\x1b]0;x\x07&#x202e;b&#0;</title>"),
            "a[2J31m]0;xb");
  EXPECT_EQ(oneLine("\xc2\x9b"
                    "31m\xe2\x80\xae\xef\xbb\xbfx\x7f"),
            "31mx");
  EXPECT_EQ(oneLine("a\xf1\xbf\xbf\xbf b\xef\xbf\xbe"), "a b");  // no characters
}

TEST(ErrorPages, BytesThatAreNoUtf8AreDropped) {
  EXPECT_EQ(oneLine("a\xff\xc3 b\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80z caf\xc3\xa9"),
            "a bz caf\u00e9");
}

TEST(ErrorPages, ALineHasAtMost200Characters) {
  EXPECT_EQ(oneLine(std::string(200, 'x')), std::string(200, 'x'));
  EXPECT_EQ(oneLine(std::string(201, 'x')), std::string(199, 'x') + "\u2026");
  std::string wide;
  for (int i = 0; i < 500; ++i) wide += "\u00e9";
  EXPECT_EQ(oneLine(wide).size(), 199 * 2 + std::string("\u2026").size());
  EXPECT_EQ(oneLine(std::string(199, 'x') + " y"), std::string(199, 'x') + "\u2026");
}

TEST(ErrorPages, HostilePagesTakeNoLongTime) {
  std::string tags;
  for (int i = 0; i < 60'000; ++i) tags += "<a class=\"error-description";
  (void)htmlMessage(tags);
  (void)htmlMessage(std::string(5'000'000, '<'));
  std::string named;
  for (int i = 0; i < 60'000; ++i) named += "error-description ";
  (void)htmlMessage(named);
  (void)htmlMessage("<p class=\"" + named);
  (void)htmlMessage("<p class=\"" + named + ">");
}

}  // namespace
}  // namespace rollcall::ghost
