#include "daemon/exec/plugin_output.h"

#include <gmock/gmock.h>

namespace rollcall {

void PrintTo(const PluginNumber& number, std::ostream* out) {
  *out << number.label << "=" << number.value << " " << number.unit;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Numbers = std::vector<PluginNumber>;

TEST(ReadPluginOutput, KnowsTheContract) {
  struct Case {
    const char* output;
    const char* text;
    const char* details;
    Numbers numbers;
  };
  const Case cases[] = {
      {"", "", "", {}},
      {"PING OK\n", "PING OK", "", {}},
      {"  DISK OK - 3 MB free \r\n", "DISK OK - 3 MB free", "", {}},
      {"OK|a=1", "OK", "", {{"a", "", 1}}},
      {"OK | a=1;2;3;0;9 b=2.5;@1:2;~:5;;\n", "OK", "", {{"a", "", 1}, {"b", "", 2.5}}},
      // As Debian's plug-ins write them.
      {"HTTP OK: HTTP/1.1 200 OK - 234 bytes in 0.001 second response time "
       "|time=0.000815s;;;0.000000;10.000000 size=234B;;;0\n",
       "HTTP OK: HTTP/1.1 200 OK - 234 bytes in 0.001 second response time",
       "",
       {{"time", "seconds", 0.000815}, {"size", "bytes", 234}}},
      {"DISK OK| /=2MiB;5;6;0;7\n/var is fine\n/srv too| /var=1MiB\n/srv=3MiB\n'/m nt'=4B",
       "DISK OK",
       "/var is fine /srv too",
       {{"/", "bytes", 2097152},
        {"/var", "bytes", 1048576},
        {"/srv", "bytes", 3145728},
        {"/m nt", "bytes", 4}}},
      // Numbers only after the further lines.
      {"OK\nmore\n|a=1\nb=2", "OK", "more", {{"a", "", 1}, {"b", "", 2}}},
      {"|a=1", "", "", {{"a", "", 1}}},
  };
  for (const Case& one : cases) {
    const PluginOutput read = readPluginOutput(one.output);
    EXPECT_EQ(read.text, one.text) << one.output;
    EXPECT_EQ(read.details, one.details) << one.output;
    EXPECT_EQ(read.numbers, one.numbers) << one.output;
    EXPECT_EQ(read.dropped, 0U) << one.output;
  }
}

TEST(ReadPluginOutput, TurnsUnitsIntoBaseUnits) {
  struct Case {
    const char* value;
    const char* unit;
    double number;
  };
  for (const Case& one :
       {Case{"7", "", 7}, Case{"2s", "seconds", 2}, Case{"250ms", "seconds", 0.25},
        Case{"5us", "seconds", 5e-6}, Case{"5ns", "seconds", 5e-9}, Case{"50%", "ratio", 0.5},
        Case{"9c", "total", 9}, Case{"3B", "bytes", 3}, Case{"3KB", "bytes", 3000},
        Case{"3kB", "bytes", 3000}, Case{"3KiB", "bytes", 3072}, Case{"1MB", "bytes", 1e6},
        Case{"1GiB", "bytes", 1073741824}, Case{"-4", "", -4}, Case{"+4", "", 4},
        Case{".5", "", 0.5}, Case{"1e3", "", 1000}, Case{"5req/s", "other", 5},
        Case{"3MS", "other", 3}}) {
    const PluginOutput read = readPluginOutput(std::string("OK|a=") + one.value + ";1;2");
    ASSERT_THAT(read.numbers, SizeIs(1)) << one.value;
    EXPECT_EQ(read.numbers[0].unit, one.unit) << one.value;
    EXPECT_DOUBLE_EQ(read.numbers[0].value, one.number) << one.value;
  }
}

TEST(ReadPluginOutput, LeavesOutWhatIsNoNumberAndSaysSo) {
  for (const char* wrong : {"a=",   "a=nan", "a=NaN",  "a=inf",  "a=-inf",  "a=1e999", "a=--1",
                            "a=;1", "a=,5",  "a=1,5s", "a=0x10", "a=1.2.3", "a=12:30", "a",
                            "=1",   "'a'1",  "'a",     "''=1",   "' '=3",   "a='1'"}) {
    const PluginOutput read = readPluginOutput(std::string("OK|") + wrong + " b=1");
    EXPECT_EQ(read.numbers, (Numbers{{"b", "", 1}})) << wrong;
    EXPECT_EQ(read.dropped, 1U) << wrong;
  }
}

TEST(ReadPluginOutput, ANumberThatThePlugInDoesNotKnowIsNone) {
  const PluginOutput read = readPluginOutput("OK|a=U;1;2 b=1");
  EXPECT_EQ(read.numbers, (Numbers{{"b", "", 1}}));
  EXPECT_EQ(read.dropped, 0U);
}

TEST(ReadPluginOutput, UnderstandsQuotedLabels) {
  EXPECT_EQ(readPluginOutput("OK|'a b'=1 'it''s'=2 'c=d'=3 'p|q'=4").numbers,
            (Numbers{{"a b", "", 1}, {"it's", "", 2}, {"c=d", "", 3}, {"p|q", "", 4}}));
}

TEST(ReadPluginOutput, TakesASecondBarForTheEndOfANumber) {
  EXPECT_EQ(readPluginOutput("OK|a=1|b=2||c=3").numbers,
            (Numbers{{"a", "", 1}, {"b", "", 2}, {"c", "", 3}}));
}

TEST(ReadPluginOutput, ShowsNothingThatDrivesATerminal) {
  const std::string zero(1, '\0');
  const PluginOutput read = readPluginOutput("\x1b[31mRED\x07 \xff " + zero +
                                             "|'a\x1b]0;t\x07'=1 \xe2\x80\xae=2\n"
                                             "more\x1b[2J\rHIDDEN\n");
  ASSERT_THAT(read.numbers, SizeIs(2));
  const std::string all = read.text + read.details + read.numbers[0].label + read.numbers[1].label;
  for (const char c : all) EXPECT_FALSE((c >= 0 && c < ' ') || c == 127) << all;
  EXPECT_EQ(all.find("\xe2\x80\xae"), std::string::npos) << "turns the writing direction";
  EXPECT_EQ(all.find('\xff'), std::string::npos);
}

TEST(ReadPluginOutput, IsBoundedWhateverItIsGiven) {
  const std::string megabyte(1024 * 1024, 'x');
  PluginOutput read = readPluginOutput(megabyte);
  EXPECT_LE(read.text.size(), 512U);
  EXPECT_LE(readPluginOutput(std::string(1024 * 1024, '\xff')).text.size(), 512U);
  EXPECT_LE(readPluginOutput("OK\n" + megabyte).details.size(), 2048U);
  EXPECT_LE(readPluginOutput("OK|" + megabyte + "=1").numbers.at(0).label.size(), 64U);

  std::string many = "OK|";
  for (int i = 0; i < 1000; ++i) many += "n" + std::to_string(i) + "=1 ";
  read = readPluginOutput(many);
  EXPECT_THAT(read.numbers, SizeIs(kMostPluginNumbers));
  EXPECT_EQ(read.dropped, 1000 - kMostPluginNumbers);

  // What takes long when each quote is looked for to the end.
  for (const char* part : {"'a ", "''", "'", "=", "|", "a=1 "}) {
    std::string hostile = "OK|";
    while (hostile.size() < 100'000) hostile += part;
    EXPECT_LE(readPluginOutput(hostile).numbers.size(), 1U) << part;
  }
}

TEST(ReadPluginOutput, NamesEachNumberOnce) {
  const std::string longest(64, 'l');
  const PluginOutput read = readPluginOutput("OK|a=1 a=2 " + longest + "x=3 " + longest + "y=4");
  EXPECT_EQ(read.numbers, (Numbers{{"a", "", 1}, {longest, "", 3}}));
  EXPECT_EQ(read.dropped, 2U);
}

}  // namespace
}  // namespace rollcall
