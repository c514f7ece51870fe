#include "checks/images/links.h"

#include <gmock/gmock.h>

namespace rollcall::checks::images {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;
using Links = std::vector<std::string>;

struct Row {
  const char* html;
  Links links;
};

class Extracting : public testing::TestWithParam<Row> {};

TEST_P(Extracting, TakesTheAddressesOfTags) {
  EXPECT_THAT(linksIn(GetParam().html), ElementsAreArray(GetParam().links)) << GetParam().html;
}

INSTANTIATE_TEST_SUITE_P(
    Attributes, Extracting,
    testing::Values(
        Row{R"(<img src="/a.png">)", {"/a.png"}}, Row{"<IMG SRC='/a.png'/>", {"/a.png"}},
        Row{"<img src=/a.png>", {"/a.png"}}, Row{"<img src = \"/a.png\" >", {"/a.png"}},
        Row{"<img\n\talt='x'\n src='/a.png'>", {"/a.png"}},
        Row{R"(<a href="/a.pdf" title="Download" download="">x</a>)", {"/a.pdf"}},
        Row{R"(<video src="/v.mp4" poster="/p.jpg"></video>)", {"/v.mp4", "/p.jpg"}},
        Row{R"(<figure data-kg-thumbnail="/t.jpg">)", {"/t.jpg"}},
        Row{R"(<audio><source src="/a.mp3"></audio>)", {"/a.mp3"}},
        Row{R"(<img src="/a&amp;b&#39;&#x22;.png">)", {"/a&b'\".png"}},
        Row{R"(<img src="/caf&#233;&#x1F600;&b.png">)", {"/caf\xc3\xa9\xf0\x9f\x98\x80&b.png"}},
        // Which character it is not known here: no address to ask for.
        Row{R"(<img src="/caf&eacute;.png"><img src="/a">)", {"/a"}},
        Row{R"(<img src="/&#xZ;.png">)", {}}, Row{R"(<img srcset="/caf&eacute;.png 2x">)", {}},
        Row{R"(<img src="/?a=1&b=2">)", {"/?a=1&b=2"}},
        Row{R"(<img src='/it"s>.png'>)", {"/it\"s>.png"}}, Row{"<img src=''>", {""}},
        Row{"<img src>", {}}, Row{"<img data-src='/a'>", {}}, Row{"<img alt=src='/a.png'>", {}},
        Row{"<p>/content/images/a.png</p>", {}}, Row{"plain text", {}}, Row{"", {}}));

INSTANTIATE_TEST_SUITE_P(
    SourceSets, Extracting,
    testing::Values(Row{R"(<img srcset="/s/a.png 600w, /m/a.png 1000w,/l/a.png 2x">)",
                        {"/s/a.png", "/m/a.png", "/l/a.png"}},
                    Row{R"(<source srcset="/a,b.png, /c.png">)", {"/a,b.png", "/c.png"}},
                    Row{R"(<img srcset=" , ,">)", {}},
                    Row{R"(<img srcset="/a.png">)", {"/a.png"}}));

INSTANTIATE_TEST_SUITE_P(
    NoMarkup, Extracting,
    testing::Values(Row{"<!-- <img src='/no'> --><img src='/a'>", {"/a"}},
                    Row{"<script>'<img src=\"/no\">'</script><img src='/a'>", {"/a"}},
                    Row{"<SCRIPT src='/s.js'><img src='/no'></Script><img src='/a'>",
                        {"/s.js", "/a"}},
                    Row{"<style>a{b:url(/no)}</style><img src='/a'>", {"/a"}},
                    Row{"<textarea><img src='/no'></textarea><img src='/a'>", {"/a"}},
                    Row{"<pre>&lt;img src='/no'&gt;</pre>", {}},
                    Row{"</a href='/no'><img src='/a'>", {"/a"}}, Row{"a < b src='/no'", {}}));

INSTANTIATE_TEST_SUITE_P(CutShort, Extracting,
                         testing::Values(Row{"<img src='/a'><img src='/no", {"/a"}},
                                         Row{"<img src='/no'", {}}, Row{"<img src='/no' ", {}},
                                         Row{"<img src=", {}}, Row{"<img src", {}}, Row{"<img", {}},
                                         Row{"<", {}}, Row{"<!--<img src='/no'>", {}},
                                         Row{"<script><img src='/no'>", {}},
                                         Row{"<img src='/a' <img src='/b'>", {"/a", "/b"}},
                                         Row{"<img =src='/no'>", {}},
                                         Row{"<img src='/a'src='/b'>", {"/a", "/b"}}));

TEST(Extracting, StaysBoundedWhateverTheText) {
  std::string many;
  for (std::size_t i = 0; i < 2 * kMaxLinks; ++i) many += "<img src='/a'>";
  EXPECT_THAT(linksIn(many), SizeIs(kMaxLinks));
  std::string set = "<img srcset='";
  for (std::size_t i = 0; i < 2 * kMaxLinks; ++i) set += "/a 1x,";
  EXPECT_THAT(linksIn(set + "'>"), SizeIs(kMaxLinks));
  EXPECT_THAT(linksIn("<img src='/" + std::string(kMaxAddress, 'a') + "'>"), IsEmpty());
}

// One pass: each of these would take hours if any part was read again and again.
TEST(Extracting, ReadsHostileTextOnce) {
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() < 1u << 18) text += piece;
    return text;
  };
  for (const char* piece : {"<", "<a ", "<!--", "<script>", "<a b=", "<a b='", "</", "\"", "<a/",
                            "<a srcset=',,,", "&#", "<style></"})
    EXPECT_LE(linksIn(repeated(piece)).size(), kMaxLinks) << piece;
  EXPECT_THAT(linksIn(std::string(1u << 18, '\0')), IsEmpty());
  EXPECT_THAT(linksIn("<a " + repeated("b ") + ">"), IsEmpty());
}

}  // namespace
}  // namespace rollcall::checks::images
