#include "checks/redirects/pattern.h"

#include <gtest/gtest.h>

namespace rollcall::checks::redirects {
namespace {

struct Row {
  std::string from;
  std::string example;  // empty: none can be derived safely
};

// What each of these does was tried on Ghost 5.130.6, 6.56.0 and 6.65.0.
TEST(Pattern, DerivesAnExampleOnlyWhereThatIsSafe) {
  for (const Row& row : {
           Row{"/old", "/old"},
           Row{"/old/", "/old"},
           Row{"/Old/Path/", "/Old/Path"},
           Row{"^/old$", "/old"},
           Row{"^/old/$", "/old/"},
           Row{"^/old/?$", "/old"},
           Row{"^\\/old\\/?$", "/old"},
           Row{"^\\/old\\/", "/old"},
           Row{"/^\\/old/i", "/old"},
           Row{"/a/?b", "/a/b"},
           Row{"/page.html", "/page.html"},
           Row{"/page\\.html$", "/page.html"},
           Row{"/caf%C3%A9/", "/caf%C3%A9"},
           Row{"/x-y_z~,;=:@&!", "/x-y_z~,;=:@&!"},
           Row{"/it's", ""},  // Ghost escapes the request's apostrophe and finds no match
           Row{"", ""},
           Row{"/", ""},
           Row{"/i", ""},
           Row{"^", ""},
           Row{"$", ""},
           Row{"old", ""},
           Row{"/old/i", ""},  // Ghost takes it for the expression "old" that ignores case
           Row{"/blog/(.*)", ""},
           Row{"/a+b", ""},
           Row{"/a?b", ""},
           Row{"/[ab]", ""},
           Row{"/a|/b", ""},
           Row{"/a{2}", ""},
           Row{"/\\d", ""},
           Row{"/a\\", ""},
           Row{"/a^b", ""},
           Row{"/a$b", ""},
           Row{"/a b", ""},
           Row{"/a#b", ""},
           Row{"/café", ""},
           Row{"/a%zz", ""},
           Row{"//a", ""},
           Row{"/a/../b", ""},
           Row{"/a/..", ""},
           Row{"/a/./b", ""},
       })
    EXPECT_EQ(Pattern(row.from).example().value_or(""), row.example) << row.from;
}

TEST(Pattern, NeverDeniesAMatchThatIsPossible) {
  struct May {
    std::string from, path;
    bool may;
  };
  for (const May& row : {
           May{"/old", "/old", true},
           May{"/old", "/old/", true},
           May{"/old", "/x/old", true},  // nothing anchors it
           May{"/old", "/older", false},
           May{"^/old", "/x/old", false},
           May{"/OLD", "/old", true},
           May{"/a.b", "/axb", true},
           May{"/blog/(.*)", "/blog/x", true},
           May{"/blog/(.*)", "/x/blog/y", true},
           May{"^/blog/(.*)", "/x/blog/y", false},
           May{"/blog/(.*)", "/shop/y", false},
           May{"/blogs?/x", "/blog/x", true},
           May{"/blog*/x", "/blo/x", true},
           May{"/a|/b", "/anything", true},
           May{"/(a|b)", "/c", true},
           May{"/x/(a|b)", "/c", false},
           May{"/[|]x", "/yx", true},
           May{"/", "/anything", true},
           May{"/i", "/anything", true},
       })
    EXPECT_EQ(Pattern(row.from).mayMatch(row.path), row.may) << row.from << " " << row.path;
}

}  // namespace
}  // namespace rollcall::checks::redirects
