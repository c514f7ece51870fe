#include "checks/routes/permalink_shape.h"

#include <gtest/gtest.h>

namespace rollcall::checks::routes {
namespace {

TEST(PermalinkShape, TellsWhatCannotComeFromAPermalink) {
  struct Row {
    std::string address, permalink;
    bool may;
  };
  for (const Row& row : {
           Row{"/alpha/", "/{slug}/", true},
           Row{"/blog/alpha/", "/{slug}/", false},
           Row{"/alpha/", "/blog/{slug}/", false},
           Row{"/blog/alpha/", "/blog/{slug}/", true},
           Row{"/news/alpha/", "/blog/{slug}/", false},
           Row{"/2020/01/alpha/", "/{year}/{month}/{slug}/", true},
           Row{"/20/01/alpha/", "/{year}/{month}/{slug}/", false},
           Row{"/2020/1/alpha/", "/{year}/{month}/{slug}/", false},
           Row{"/x/alpha/", "/{primary_tag}/{slug}/", true},
           Row{"/x/alpha/", "/{something}/{slug}/", true},
           Row{"/caf%C3%A9/a/", "/café/{slug}/", true},
           Row{"/", "/{slug}/", false},
           Row{"/p-7/", "/p-{id}/", true},
       })
    EXPECT_EQ(mayComeFrom(row.address, row.permalink), row.may)
        << row.address << " " << row.permalink;
}

}  // namespace
}  // namespace rollcall::checks::routes
