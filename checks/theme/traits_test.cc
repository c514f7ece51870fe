#include "checks/theme/traits.h"

#include <gmock/gmock.h>

namespace rollcall::checks::theme {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::set<std::string> all(std::string_view html) {
  return traitsOf(html, "").all;
}

TEST(Traits, areElementsAndTexts) {
  EXPECT_THAT(all("<main id=\"site\" class='b  a b'>\n  Read\n  more </main>"),
              ElementsAre("<main class=\"a b\" id=\"site\">", "Read more"));
}

struct Alike {
  const char* name;
  const char* one;
  const char* other;
};
class PagesAlike : public testing::TestWithParam<Alike> {};

TEST_P(PagesAlike, haveTheSameTraits) {
  EXPECT_EQ(all(GetParam().one), all(GetParam().other));
}

INSTANTIATE_TEST_SUITE_P(
    All, PagesAlike,
    testing::Values(
        Alike{"versions", "<link href='/assets/a.css?v=f0b3'><style>url(/assets/f?v=f0b3)</style>",
              "<link href='/assets/a.css?v=9610'><style>url(/assets/f?v=9610)</style>"},
        Alike{"addresses", "<a class=x href='/p/36014dcb-9924-4925-937f-87836ba41b26/'>A</a>",
              "<a class=x href='/featured/'>A</a>"},
        Alike{"addresses_in_scripts", "<script>var u = \"http://e.org/p/1/\";</script>",
              "<script>var u = \"http://e.org/x/\";</script>"},
        Alike{"numbers", "<time>3 minutes ago</time>", "<time>12 minutes ago</time>"},
        Alike{"large_numbers", "<b>1,000+ members</b>", "<b>999 members</b>"},
        Alike{"title", "<title>Old</title>", "<title>New</title>"},
        Alike{"head", "<meta name=a content=b><link rel=canonical href='/x/'>", ""},
        Alike{"scripts_of_Ghost", "<script src='/public/cards.min.js?v=1' data-a=b></script>", ""},
        Alike{"announcement", "<script src='https://cdn/bar.js' data-announcement=x></script>", ""},
        Alike{"json_ld", "<script type=\"application/ld+json\">{\"a\":1}</script>", ""},
        Alike{"comments", "<p>a</p><!-- <b>x</b> -->", "<p>a</p>"},
        Alike{"repetition", "<p>a</p>", "<p>a</p><p>a</p>"},
        Alike{"language", "<html lang=en>", "<html lang=de>"}),
    [](const auto& one) { return std::string(one.param.name); });

class PagesUnlike : public testing::TestWithParam<Alike> {};

TEST_P(PagesUnlike, haveOtherTraits) {
  EXPECT_NE(all(GetParam().one), all(GetParam().other));
}

INSTANTIATE_TEST_SUITE_P(
    All, PagesUnlike,
    testing::Values(Alike{"text", "<p>old</p>", "<p>new</p>"},
                    Alike{"element", "<p>a</p>", "<p>a</p><aside></aside>"},
                    Alike{"class_name", "<p class=a>x</p>", "<p class=b>x</p>"},
                    Alike{"inline_script", "<script>a()</script>", "<script>b()</script>"},
                    Alike{"colour", "<style>:root{--b: #111111}</style>",
                          "<style>:root{--b: #222222}</style>"},
                    Alike{"asset", "<script src='/assets/a.js?v=1'></script>",
                          "<script src='/assets/b.js?v=1'></script>"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Traits, findTheThemesAssetsBelowTheSitesSubdirectory) {
  const std::string page =
      "<link href='https://e.org/blog/assets/a.css?v=1'><script src='/blog/assets/b.js'></script>"
      "<img src='/assets/other.png'><img src='/content/images/x.png'>";
  EXPECT_THAT(traitsOf(page, "/blog").assets, ElementsAre("/assets/a.css", "/assets/b.js"));
}

TEST(Traits, findLinksAndGenerator) {
  const Traits traits = traitsOf(
      "<meta name=\"generator\" content=\"Ghost 6.65\"><a href='/a/?x#y'><a href='#top'>"
      "<a href='https://e.org/b/'>",
      "");
  EXPECT_THAT(traits.links, UnorderedElementsAre("/a/", "/b/"));
  EXPECT_EQ(traits.generator, "Ghost 6.65");
}

TEST(Traits, areNothingThatIsComputed) {
  EXPECT_THAT(all("<p class=\"a \x01\">By \x01</p>"), IsEmpty());
  EXPECT_THAT(all("<p \x01>a</p>"), ElementsAre("a"));
  EXPECT_THAT(all("<img class=a src=\"/assets/\x01\">"), IsEmpty());
}

TEST(Traits, endWithAPageThatEndsTooEarly) {
  for (const char* page : {"<", "<p", "<p class", "<p class=", "<p class=\"a", "<!--", "<script>",
                           "</", "<p a=b", "< p>"})
    traitsOf(page, "");
}

}  // namespace
}  // namespace rollcall::checks::theme
