#include "daemon/core/shell_word.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(ShellWord, IsOneWordWhateverTheText) {
  EXPECT_EQ(shellWord(""), "''");
  EXPECT_EQ(shellWord("/a b/$(c);\n"), "'/a b/$(c);\n'");
  EXPECT_EQ(shellWord("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace rollcall
