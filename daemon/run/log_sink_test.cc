#include "daemon/run/log_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/run/test_checks.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::critical;
using testing_support::find;
using testing_support::podsNamed;
using testing_support::warning;

class LinesJournal final : public Journal {
 public:
  void write(LogLevel level, std::string_view message, const Fields& fields) override {
    std::string line = level == LogLevel::kError     ? "error "
                       : level == LogLevel::kWarning ? "warning "
                                                     : "info ";
    line += message;
    for (const auto& [name, value] : fields)
      if (!value.empty()) line += " " + std::string(name) + "=" + value;
    lines.push_back(line);
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
  std::vector<std::string> lines;
};

class LogSinkTest : public testing::Test {
 protected:
  LogSinkTest() { run_.check = "posts"; }
  // The lines that a report with this run leads to.
  std::vector<std::string> publish(const std::vector<std::string>& pods = {"a"}) {
    auto report = std::make_shared<Report>(makeReport({}, podsNamed(pods), {run_}));
    report->databaseUp = databaseUp_;
    report->started = now_;
    sink_.publish(report, nullptr);
    return journal_.take();
  }

  LinesJournal journal_;
  LogSink sink_{journal_};
  CheckRun run_;
  std::optional<bool> databaseUp_;
  WallTime now_{std::chrono::hours(1'000)};
};

TEST_F(LogSinkTest, AFindingIsToldWhenItStartsAndWhenItEnds) {
  publish();
  run_.outcome.findings = {find(critical(), "a", "1"), find(critical(), "a", "2")};
  run_.outcome.findings[0].message = "/one/ is 404 on a";
  EXPECT_THAT(publish(), ElementsAre("error a critical thing check=posts code=RC902 pod=a "
                                     "detail=/one/ is 404 on a count=2"));
  EXPECT_THAT(publish(), IsEmpty());
  run_.outcome.findings.clear();
  EXPECT_THAT(publish(), ElementsAre("info over: a critical thing check=posts code=RC902 pod=a"));
}

TEST_F(LogSinkTest, EachCommandIsToldOnItsOwn) {
  const auto fails = [](const std::string& command) {
    Finding finding = find(critical(), "");
    finding.resource = ResourceRef{"command", command, "", ""};
    return finding;
  };
  run_.outcome.findings = {fails("disk")};
  publish();
  run_.outcome.findings = {fails("disk"), fails("mysql")};
  EXPECT_THAT(publish(), ElementsAre(HasSubstr("check=posts code=RC902 command=mysql")));
  run_.outcome.findings = {fails("mysql")};
  EXPECT_THAT(publish(), ElementsAre(HasSubstr("over: a critical thing check=posts code=RC902 "
                                               "command=disk")));
}

TEST_F(LogSinkTest, TheLevelSaysWhoMustAct) {
  publish();
  run_.outcome.findings = {find(warning(), "a")};
  EXPECT_THAT(publish(), ElementsAre("warning a warning check=posts code=RC901 pod=a count=1"));
}

TEST_F(LogSinkTest, WhatCouldNotBeLookedAtIsAWarning) {
  publish();
  run_.outcome.gaps = {{"a", "the pod", {ErrorCode::kDeadlineExceeded, "no answer in 5 s"}}};
  run_.error = Error{ErrorCode::kUnavailable, "connection refused"};
  EXPECT_THAT(publish(),
              ElementsAre("warning the check could not run check=posts detail=connection refused",
                          "warning could not look check=posts pod=a what=the pod "
                          "detail=no answer in 5 s"));
}

TEST_F(LogSinkTest, WhatCouldNotBeLookedForIsNotOver) {
  publish();
  run_.outcome.findings = {find(critical(), "a", "1")};
  publish();
  run_.outcome.findings.clear();
  run_.error = Error{ErrorCode::kUnavailable, "the database is gone"};
  for (const std::string& line : publish()) EXPECT_THAT(line, Not(HasSubstr("over: ")));
  run_.error.reset();
  run_.outcome.notApplicable = "the site is private";
  for (const std::string& line : publish()) EXPECT_THAT(line, Not(HasSubstr("over: the fin")));
  run_.outcome.notApplicable.reset();
  EXPECT_THAT(publish(), testing::Contains(HasSubstr("code=RC90")));
}

TEST_F(LogSinkTest, TheDatabaseIsToldOnce) {
  databaseUp_ = true;
  publish();
  databaseUp_ = false;
  EXPECT_THAT(publish(), ElementsAre("error the database does not answer"));
  EXPECT_THAT(publish(), IsEmpty());
  databaseUp_ = true;
  EXPECT_THAT(publish(), ElementsAre("info over: the database does not answer"));
}

TEST_F(LogSinkTest, PodsThatComeAndGoAreTold) {
  EXPECT_THAT(publish({"a", "b"}), ElementsAre("info pod found pod=a", "info pod found pod=b"));
  EXPECT_THAT(publish({"b", "c"}), ElementsAre("info pod found pod=c", "info pod gone pod=a"));
}

TEST_F(LogSinkTest, AFlappingConditionIsToldTenTimesInTenMinutesAndThenCounted) {
  publish();
  std::size_t lines = 0;
  for (int i = 0; i < 20; ++i) {
    databaseUp_ = i % 2 == 1;
    lines += publish().size();
  }
  EXPECT_EQ(lines, 10u);
  now_ += std::chrono::minutes(11);
  databaseUp_ = false;
  EXPECT_THAT(publish(), ElementsAre("error the database does not answer lines_left_out=10"));
}

TEST(JournalTest, AJsonLineIsOneJsonDocument) {
  std::ostringstream out;
  makeJournal(LogStyle::kJson, out)
      ->write(LogLevel::kWarning, "a \"quoted\"\nmessage", {{"pod", "a\x1b[31m"}, {"check", ""}});
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line.at("level"), "warning");
  EXPECT_EQ(line.at("message"), "a \"quoted\"\nmessage");
  EXPECT_EQ(line.at("pod"), "a\x1b[31m");
  EXPECT_FALSE(line.contains("check"));
}

TEST(JournalTest, ATextLineCarriesNoControlCharacters) {
  std::ostringstream out;
  makeJournal(LogStyle::kText, out)->write(LogLevel::kError, "one\ntwo", {{"pod", "a\x1b[31m b"}});
  EXPECT_THAT(out.str(), HasSubstr(" error   one two pod=\"a [31m b\"\n"));
}

TEST(JournalTest, InvalidUtf8DoesNotEndTheProgram) {
  std::ostringstream out;
  makeJournal(LogStyle::kJson, out)->write(LogLevel::kInfo, "bad \xff byte");
  EXPECT_THAT(out.str(), HasSubstr("bad \xEF\xBF\xBD byte"));
}

TEST_F(LogSinkTest, TheAddressOfADraftIsNotTold) {
  run_.outcome.findings = {find(critical(), "a", "1")};
  run_.outcome.findings[0].message = "a serves /secret-plan/";
  run_.outcome.findings[0].evidence = {{"db_status", "draft"}};
  for (const std::string& line : publish()) EXPECT_THAT(line, Not(HasSubstr("secret-plan")));
}

}  // namespace
}  // namespace rollcall
