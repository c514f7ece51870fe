#include "daemon/exec/variables.h"

#include <gmock/gmock.h>

namespace rollcall {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

const Site kSite{.url = {.scheme = "https", .host = "example.org", .port = 443, .path = "/blog"},
                 .admin = {},
                 .title = ""};

TEST(CommandVariables, TellOfThePodOnlyWhereThereIsOne) {
  const CommandVariables once = commandVariables(kSite, nullptr);
  EXPECT_THAT(once, Contains(Pair("ROLLCALL_SITE_URL", "https://example.org/blog")));
  EXPECT_THAT(once, Contains(Pair("ROLLCALL_SITE_PORT", "443")));
  EXPECT_THAT(once, Not(Contains(Key(StartsWith("ROLLCALL_POD_")))));
  const Pod pod{.name = "ghost-0", .host = "fd00::7", .port = 2368};
  const CommandVariables perPod = commandVariables(kSite, &pod);
  EXPECT_THAT(perPod, Contains(Pair("ROLLCALL_POD_NAME", "ghost-0")));
  EXPECT_THAT(perPod, Contains(Pair("ROLLCALL_POD_HOST", "fd00::7")));
  EXPECT_THAT(perPod, Contains(Pair("ROLLCALL_POD_ADDRESS", "[fd00::7]:2368")));
}

TEST(FilledIn, ReplacesWholeNamesOnly) {
  const CommandVariables variables{{"ROLLCALL_POD_HOST", "10.0.0.7"}, {"ROLLCALL_SITE_URL", "$A"}};
  struct Case {
    const char* argument;
    const char* filled;
  };
  for (const Case& one : {Case{"", ""}, Case{"$", "$"}, Case{"100$", "100$"},
                          Case{"$HOME", "$HOME"}, Case{"$ROLLCALL_POD_HOST", "10.0.0.7"},
                          Case{"http://$ROLLCALL_POD_HOST:1/", "http://10.0.0.7:1/"},
                          Case{"$ROLLCALL_POD_HOST$ROLLCALL_POD_HOST", "10.0.0.710.0.0.7"},
                          Case{"$ROLLCALL_POD_HOSTS", "$ROLLCALL_POD_HOSTS"},
                          Case{"$$ROLLCALL_POD_HOST", "$10.0.0.7"},
                          // What was filled in is not looked at again.
                          Case{"$ROLLCALL_SITE_URL", "$A"}, Case{"`id`; $(id)", "`id`; $(id)"}})
    EXPECT_EQ(filledIn(one.argument, variables), one.filled) << one.argument;
}

TEST(UnknownVariable, NamesWhatWouldStandForNothing) {
  struct Case {
    const char* argument;
    bool perPod;
    const char* unknown;
  };
  for (const Case& one : {Case{"$ROLLCALL_POD_HOST", true, ""},
                          Case{"$ROLLCALL_POD_HOST", false, "ROLLCALL_POD_HOST"},
                          Case{"$ROLLCALL_SITE_HOST", false, ""}, Case{"$HOME $", true, ""},
                          Case{"a$ROLLCALL_POD_HOTS", true, "ROLLCALL_POD_HOTS"},
                          Case{"$ROLLCALL_SITE_URL$ROLLCALL_SITE_", false, "ROLLCALL_SITE_"}})
    EXPECT_EQ(unknownVariable(one.argument, one.perPod), one.unknown) << one.argument;
}

}  // namespace
}  // namespace rollcall
