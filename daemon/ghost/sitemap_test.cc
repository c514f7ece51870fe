#include "daemon/ghost/sitemap.h"

#include <gmock/gmock.h>

#include <vector>

namespace rollcall::ghost {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPosts =
    "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?><?xml-stylesheet type=\"text/xsl\" "
    "href=\"//e.org/sitemap.xsl\"?>\n<!-- a > b -- -> comment --><urlset "
    "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:image='x>y'>"
    "<url><loc>https://e.org/a&amp;b/</loc><lastmod>2026-01-31T23:30:00.000Z</lastmod>"
    "<image:image><image:loc>https://e.org/i.png</image:loc><image:caption>&#x27;i&apos;"
    "</image:caption></image:image></url>\n"
    "<url ><loc>\n https://e.org/caf\xc3\xa9&#233;&#x20AC;&#x1F600;/ </loc ></url>"
    "<url><changefreq/><loc><![CDATA[https://e.org/]]></loc><lastmod/></url>"
    "<url><loc>https&#58;//e.org/<![CDATA[<x>&amp;]]]]>&lt;<![CDATA[>]]></loc></url>"
    "<other><loc>no</loc></other></urlset>\n<!-- end -->\n";

struct Read {
  std::vector<std::string> entries;  // "loc lastmod"
  std::string error;
  bool index = false;
};

Read readPieces(const std::vector<std::string_view>& pieces, SitemapReader::Limits limits = {}) {
  Read read;
  SitemapReader reader(limits, [&](const SitemapEntry& entry) {
    read.entries.push_back(std::string(entry.loc) + " " + std::string(entry.lastmod));
  });
  for (const std::string_view piece : pieces)
    if (!reader.feed(piece)) break;
  const Result<std::uint64_t> count = reader.finish();
  read.index = reader.isIndex();
  if (count) {
    EXPECT_EQ(*count, read.entries.size());
  } else {
    EXPECT_EQ(count.error().code, ErrorCode::kProtocol);
    read.error = count.error().message;
  }
  return read;
}

void expectPosts(const Read& read) {
  EXPECT_EQ(read.error, "");
  EXPECT_THAT(read.entries, ElementsAre("https://e.org/a&b/ 2026-01-31T23:30:00.000Z",
                                        "https://e.org/caf\u00e9\u00e9\u20ac\U0001F600/ ",
                                        "https://e.org/ ", "https://e.org/<x>&amp;]]<> "));
}

TEST(SitemapReader, ReadsWhatGhostWritesAndMore) {
  expectPosts(readPieces({kPosts}));
}

TEST(SitemapReader, ReadsTheSameForEverySplitInTwo) {
  for (std::size_t at = 0; at <= kPosts.size(); ++at) {
    SCOPED_TRACE(at);
    expectPosts(readPieces({kPosts.substr(0, at), kPosts.substr(at)}));
    if (HasFailure()) return;
  }
}

TEST(SitemapReader, ReadsTheSameInPiecesOfAnySize) {
  for (std::size_t size = 1; size <= 17; ++size) {
    SCOPED_TRACE(size);
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < kPosts.size(); at += size)
      pieces.push_back(kPosts.substr(at, size));
    expectPosts(readPieces(pieces));
  }
}

// As Ghost writes nearly all: read in one step where they lie whole in a piece.
std::string plain(std::string_view loc, std::string_view lastmod = "2026-01-31T23:30:00.000Z") {
  return "<url><loc>" + std::string(loc) + "</loc><lastmod>" + std::string(lastmod) +
         "</lastmod></url>";
}

TEST(SitemapReader, PlainEntriesAmongOthersAreReadTheSameForEverySplitInTwo) {
  const std::string text = "<urlset>" + plain("https://e.org/a/") + plain("https://e.org/b&amp;/") +
                           plain("https://e.org/c/") + "\n" + plain(" https://e.org/d/") +
                           "<url><loc>https://e.org/e/</loc></url>" +
                           plain("https://e.org/f/", "") + plain("https://e.org/g/", "x") +
                           "</urlset>";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const Read read = readPieces({text.substr(0, at), text.substr(at)});
    EXPECT_EQ(read.error, "");
    ASSERT_THAT(read.entries,
                ElementsAre("https://e.org/a/ 2026-01-31T23:30:00.000Z",
                            "https://e.org/b&/ 2026-01-31T23:30:00.000Z",
                            "https://e.org/c/ 2026-01-31T23:30:00.000Z",
                            "https://e.org/d/ 2026-01-31T23:30:00.000Z", "https://e.org/e/ ",
                            "https://e.org/f/ ", "https://e.org/g/ x"))
        << at;
  }
}

TEST(SitemapReader, PlainEntriesAreHeldToTheSameLimits) {
  const auto errorOf = [](const std::string& entry) {
    return readPieces({"<urlset>" + entry + "</urlset>"}, {.maxEntries = 2}).error;
  };
  const std::string one = plain("https://e.org/a/");
  EXPECT_EQ(errorOf(one + one), "");
  EXPECT_THAT(errorOf(one + one + one), HasSubstr("more than 2 entries"));
  EXPECT_THAT(errorOf(plain(std::string(9'000, 'x'))), HasSubstr("endless text"));
  EXPECT_THAT(errorOf(plain("https://e.org/\x01/")), HasSubstr("control characters"));
  EXPECT_THAT(errorOf(plain("https://e.org/&nbsp;/")), HasSubstr("entity &nbsp"));
  EXPECT_THAT(errorOf(plain("")), HasSubstr("entry without <loc>"));
}

TEST(SitemapReader, KnowsAnIndex) {
  const Read read = readPieces(
      {"<sitemapindex xmlns=\"x\"><sitemap><loc>https://e.org/sitemap-posts.xml</loc><lastmod>"
       "2026-01-31T23:30:00.000Z</lastmod></sitemap></sitemapindex>"});
  EXPECT_TRUE(read.index);
  EXPECT_THAT(read.entries,
              ElementsAre("https://e.org/sitemap-posts.xml 2026-01-31T23:30:00.000Z"));
}

TEST(SitemapReader, AnEmptySetHasNoEntries) {
  const Read read = readPieces({"<urlset/>"});
  EXPECT_EQ(read.error, "");
  EXPECT_FALSE(read.index);
  EXPECT_TRUE(read.entries.empty());
}

TEST(SitemapReader, RefusesWhatIsNoSitemapWithItsReason) {
  struct Row {
    const char* text;
    const char* want;
  };
  for (const Row& row : {
           Row{"", "it is empty"},
           Row{" \n ", "it is empty"},
           Row{"<!-- only -->", "it is empty"},
           Row{"hello", "it is not XML"},
           Row{"{\"a\":1}", "it is not XML"},
           Row{"<urlset></urlset>x", "it is not XML"},
           Row{"<!DOCTYPE html><html></html>", "DOCTYPE"},
           Row{"<!doctype html>", "DOCTYPE"},
           Row{"<urlset><!ENTITY a \"b\"></urlset>", "DOCTYPE"},
           Row{"<html><body></body></html>", "root element is <html>"},
           Row{"<s:urlset></s:urlset>", "root element is <s:urlset>"},
           Row{"<urlset></urlset><urlset></urlset>", "more than one root"},
           Row{"<urlset><url></urlset>", "closes <urlset>"},
           Row{"<urlset></url></urlset>", "closes <url>"},
           Row{"</urlset>", "not open"},
           Row{"<urlset><url><loc>a</loc></url>", "ends in the middle"},
           Row{"<urlset><url><loc>a</lo", "ends in the middle"},
           Row{"<urlset><!-- ", "ends in the middle"},
           Row{"<urlset a=\"", "it is empty"},
           Row{"<urlset><url></url></urlset>", "without <loc>"},
           Row{"<urlset><url><loc>  </loc></url></urlset>", "without <loc>"},
           Row{"<urlset><url><image:loc>a</image:loc></url></urlset>", "without <loc>"},
           Row{"<urlset><sitemap><loc>a</loc></sitemap><url><lastmod>1</lastmod></url></urlset>",
               "without <loc>"},
           Row{"<urlset><url><loc>a</loc><loc>b</loc></url></urlset>", "two <loc>"},
           Row{"<urlset><url><loc>a<b/></loc></url></urlset>", "tag inside <loc>"},
           Row{"<urlset><url><loc>&xxe;</loc></url></urlset>", "entity &xxe,"},
           Row{"<urlset><url><loc>a & b</loc></url></urlset>", "entity &"},
           Row{"<urlset><url><loc>&#0;</loc></url></urlset>", "entity &#0,"},
           Row{"<urlset><url><loc>&#27;</loc></url></urlset>", "entity &#27,"},
           Row{"<urlset><url><loc>&#xD800;</loc></url></urlset>", "entity &#xD800,"},
           Row{"<urlset><url><loc>&#x110000;</loc></url></urlset>", "entity &#x110000,"},
           Row{"<urlset><url><loc>&#99999999999;</loc></url></urlset>", "entity &#99999999999,"},
           Row{"<urlset><url><loc>&#-1;</loc></url></urlset>", "entity &#-1,"},
           Row{"<urlset><url><loc>&#x;</loc></url></urlset>", "entity &#x,"},
           Row{"<urlset><url><loc>&;</loc></url></urlset>", "entity &,"},
           Row{"<urlset><url><loc>a\x1b[2J</loc></url></urlset>", "control characters"},
           Row{"<urlset><url><loc><![CDATA[a\x07]]></loc></url></urlset>", "control characters"},
           Row{"<urlset><></urlset>", "tag without a name"},
           Row{"<urlset>< url></url></urlset>", "tag without a name"},
           Row{"<urlset><1/></urlset>", "tag without a name"},
           Row{"<urlset><a<b></urlset>", "'<' inside a tag"},
           Row{"<urlset></urlset x>", "malformed tag"},
           Row{"<![CDATA[x]]><urlset/>", "text outside of its root"},
       }) {
    EXPECT_THAT(readPieces({row.text}).error, HasSubstr(row.want)) << row.text;
    std::vector<std::string_view> bytes;
    for (const char& c : std::string_view(row.text)) bytes.emplace_back(&c, 1);
    EXPECT_THAT(readPieces(bytes).error, HasSubstr(row.want)) << "bytewise " << row.text;
  }
}

std::string entries(int count) {
  std::string text = "<urlset>";
  for (int i = 0; i < count; ++i) text += "<url><loc>https://e.org/x/</loc></url>\n";
  return text + "</urlset>";
}

TEST(SitemapReader, StopsBeyondItsLimits) {
  EXPECT_EQ(readPieces({entries(10)}, {.maxEntries = 10}).error, "");
  const Read many = readPieces({entries(11)}, {.maxEntries = 10});
  EXPECT_THAT(many.error, HasSubstr("more than 10 entries"));
  EXPECT_EQ(many.entries.size(), 10u);
  EXPECT_EQ(readPieces({entries(50'000)}).error, "");
  EXPECT_THAT(readPieces({entries(200'000)}).error, HasSubstr("more than 50000 entries"));
  const std::string text = "<urlset><url><loc>" + std::string(8'193, 'x');
  EXPECT_THAT(readPieces({text}).error, HasSubstr("endless text"));
  EXPECT_THAT(readPieces({"<urlset a=\"" + std::string(9'000, 'x') + "\">"}).error,
              HasSubstr("endless tag"));
  std::string deep = "<urlset>";
  for (int i = 0; i < 20; ++i) deep += "<a>";
  EXPECT_THAT(readPieces({deep}).error, HasSubstr("nested too deeply"));
}

TEST(SitemapReader, AnEndlessTextIsStoppedWhereverItsPiecesEnd) {
  SitemapReader reader({}, [](const SitemapEntry&) {});
  ASSERT_TRUE(reader.feed("<urlset><url><loc>"));
  int pieces = 0;
  while (reader.feed(std::string(100, 'x'))) ASSERT_LT(++pieces, 100);
  EXPECT_FALSE(reader.feed("</loc></url></urlset>"));
}

TEST(Lastmod, IsReadAsSecondsSinceTheEpoch) {
  struct Row {
    const char* text;
    std::int64_t want;
  };
  for (const Row& row :
       {Row{"1970-01-01T00:00:00.000Z", 0}, Row{"2026-01-31T23:30:00.000Z", 1769902200},
        Row{"2026-01-31T23:30:00.999Z", 1769902200}, Row{"2026-01-31T23:30:00Z", 1769902200},
        Row{"2026-01-31T23:30Z", 1769902200}, Row{"2026-02-01T00:30:00+01:00", 1769902200},
        Row{"2026-01-31T18:00:00-05:30", 1769902200}, Row{"2026-01-31", 1769817600},
        Row{"2026-01", 1767225600}, Row{"2026", 1767225600}, Row{"1969-12-31T23:59:59Z", -1},
        Row{"2024-02-29", 1709164800}})
    EXPECT_EQ(parseLastmod(row.text), row.want) << row.text;
}

TEST(Lastmod, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "x",
                           "202",
                           "2026-",
                           "2026-13",
                           "2026-00",
                           "2026-1-1",
                           "2023-02-29",
                           "2026-01-31T",
                           "2026-01-31T24:00Z",
                           "2026-01-31T23:60Z",
                           "2026-01-31T23:30",
                           "2026-01-31T23:30:00",
                           "2026-01-31T23:30:00.Z",
                           "2026-01-31T23:30:00+0100",
                           "2026-01-31T23:30:00Zx",
                           "2026-01-31 23:30:00Z",
                           "2026T23:30Z",
                           "2026-01T23:30Z",
                           "+2026-01-31",
                           "2026-01-31Z"})
    EXPECT_FALSE(parseLastmod(text)) << text;
}

}  // namespace
}  // namespace rollcall::ghost
