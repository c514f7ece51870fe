#include "daemon/net/response_head.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace rollcall {
namespace {
using testing::HasSubstr;

// What is wrong with an answer of these lines; empty when nothing is.
std::string problemOf(const std::vector<std::string>& lines) {
  ResponseHead head;
  for (const std::string& line : lines)
    if (const auto problem = head.take(line + "\r\n")) return *problem;
  return "";
}

TEST(ResponseHead, keepsTheFinalAnswersHeadersInLowerCase) {
  ResponseHead head;
  for (const char* line :
       {"HTTP/1.1 100 Continue\r\n", "X-Early: 1\r\n", "\r\n", "HTTP/1.1 301 Moved\r\n",
        "LOCATION:  /404/ \r\n", "\r\n", "X-Trailer: 1\r\n"})
    EXPECT_EQ(head.take(line), std::nullopt);
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 301);
  ASSERT_EQ(head.headers().size(), 1u);
  EXPECT_EQ(head.headers()[0], std::make_pair(std::string("location"), std::string("/404/")));
}

TEST(ResponseHead, whatIsNotKeptIsLookedAtAllTheSame) {
  ResponseHead head(false);
  for (const char* line : {"HTTP/1.1 200 OK\r\n", "X: 1\r\n", "Content-Length: 1\r\n"})
    EXPECT_EQ(head.take(line), std::nullopt);
  EXPECT_THAT(head.take("X: \x1b[2J\r\n").value_or(""), HasSubstr("malformed header line"));
  EXPECT_THAT(head.take("Content-Length: 2\r\n").value_or(""), HasSubstr("two different"));
  EXPECT_THAT(head.headers(), testing::IsEmpty());
}

TEST(ResponseHead, anInterimAnswersEndIsNotTheEnd) {
  ResponseHead head;
  for (const char* line : {"HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 200 OK\r\n"}) {
    EXPECT_EQ(head.take(line), std::nullopt);
    EXPECT_FALSE(head.complete());
  }
}

TEST(ResponseHead, refusesNonsense) {
  struct Row {
    std::vector<std::string> lines;
    std::string problem;
  };
  const Row rows[] = {
      {{"HTTP/1.1 200 OK", "Content-Length: abc"}, "Content-Length is not a number"},
      {{"HTTP/1.1 200 OK", "Content-Length: -1"}, "Content-Length is not a number"},
      {{"HTTP/1.1 200 OK", "Content-Length: 12abc"}, "Content-Length is not a number"},
      {{"HTTP/1.1 200 OK", "Content-Length:"}, "Content-Length is not a number"},
      {{"HTTP/1.1 200 OK", "Content-Length: 9999999999999999999"},
       "Content-Length is not a number"},
      {{"HTTP/1.1 200 OK", "Content-Length: 1", "content-length: 2"}, "two different"},
      {{"HTTP/1.1 200 OK", "no colon here"}, "malformed header line"},
      {{"HTTP/1.1 200 OK", " folded: line"}, "malformed header line"},
      {{"HTTP/1.1 200 OK", ": nameless"}, "malformed header line"},
      {{"HTTP/1.1 200 OK", "\rX: a"}, "malformed header line"},
      {{"HTTP/1.1 200 OK", "X: \x1b[2J"}, "malformed header line"},
      {{"HTTP/1.1 200 OK", std::string("X: a\0b", 6)}, "malformed header line"},
      {{"HTTP/1.1 abc"}, "malformed status line"},
      {{"HTTP/1.1 20"}, "malformed status line"},
      {{"HTTP/1.1 999 Odd"}, "malformed status line"},
      {{"HTTP/9.9 200 OK"}, "malformed status line"},
      {{"HTTP/"}, "malformed status line"},
  };
  for (const Row& row : rows)
    EXPECT_THAT(problemOf(row.lines), HasSubstr(row.problem)) << row.lines.back();
}

TEST(ResponseHead, acceptsTheSameContentLengthTwice) {
  EXPECT_EQ(problemOf({"HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 5"}), "");
}

TEST(ResponseHead, limitsTheNumberOfLines) {
  ResponseHead head;
  EXPECT_EQ(head.take("HTTP/1.1 200 OK\r\n"), std::nullopt);
  for (std::size_t line = 1; line < kMaxHeaderLines; ++line)
    ASSERT_EQ(head.take("a: b\r\n"), std::nullopt);
  EXPECT_THAT(head.take("a: b\r\n").value_or(""), HasSubstr("more than 256 header lines"));
}

TEST(ResponseHead, limitsTheBytesOverInterimAnswersToo) {
  ResponseHead head;
  std::string problem;
  for (int answer = 0; answer < 100 && problem.empty(); ++answer) {
    head.take("HTTP/1.1 100 Continue\r\n");
    problem = head.take("a: " + std::string(1000, 'b') + "\r\n").value_or("");
  }
  EXPECT_THAT(problem, HasSubstr("more than 64 KiB of headers"));
}

}  // namespace
}  // namespace rollcall
