#include "daemon/ghost/entities.h"

#include <gtest/gtest.h>

namespace rollcall::ghost {
namespace {

TEST(Entities, AreDecodedWhereTheyAreKnown) {
  struct Row {
    const char* text;
    const char* decoded;
    bool every;
  };
  for (const Row& row :
       {Row{"", "", true}, Row{"a&amp;b&lt;&#39;&#x22;", "a&b<'\"", true},
        Row{"&#233;&#X1f600;", "\xc3\xa9\xf0\x9f\x98\x80", true},
        Row{"a & b&c=1&;", "a & b&c=1&;", true}, Row{"caf&eacute;", "caf&eacute;", false},
        Row{"&#xZ;", "&#xZ;", false}, Row{"&unknown;&amp;", "&unknown;&", false}}) {
    EXPECT_EQ(decodeEntities(row.text), row.decoded);
    EXPECT_EQ(decodeEveryEntity(row.text).has_value(), row.every) << row.text;
  }
}

}  // namespace
}  // namespace rollcall::ghost
