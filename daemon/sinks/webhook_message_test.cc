#include "daemon/sinks/webhook_message.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "daemon/core/publication.h"
#include "daemon/sinks/golden.h"
#include "tests/support/sample_report.h"

namespace rollcall {
namespace {

using namespace testing_support;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

WebhookConfig config(WebhookFormat format) {
  WebhookConfig made;
  made.url = "https://hooks.example.org/planted-token";
  made.secret = "planted-webhook-secret";
  made.format = format;
  made.statusPage = "https://rollcall.example.org";
  made.runbookUrl = "https://wiki.example.org/{code}?from={code}";
  return made;
}

FindingChange sampleChange(FindingChange::Kind kind, std::size_t more = 2) {
  FindingChange change;
  change.kind = kind;
  change.check = "posts";
  change.finding = sampleMissing("pod-2", "hello", "64b7f0000000000000000001");
  change.more = more;
  change.began = sampleTime(-30);
  return change;
}

std::string changeBody(WebhookFormat format, const FindingChange& change) {
  return changeMessage(config(format), sampleSite(), change, "key-1", sampleTime()).body;
}

std::string pretty(const std::string& body) {
  return nlohmann::ordered_json::parse(body).dump(2) + "\n";
}

std::string chatText(const std::string& body) {
  return json::parse(body)["text"].get<std::string>() + "\n";
}

TEST(WebhookMessage, looksAsOnTheGoldenPages) {
  using Kind = FindingChange::Kind;
  const WebhookFormat generic = WebhookFormat::kGeneric;
  const WebhookFormat slack = WebhookFormat::kSlack;
  expectGolden("webhook/started.json", pretty(changeBody(generic, sampleChange(Kind::kBegan))));
  expectGolden("webhook/ended.json", pretty(changeBody(generic, sampleChange(Kind::kEnded))));
  expectGolden("webhook/started.slack.txt",
               chatText(changeBody(slack, sampleChange(Kind::kBegan))));
  expectGolden("webhook/ended.slack.txt", chatText(changeBody(slack, sampleChange(Kind::kEnded))));
  const Report report = sampleFail();
  expectGolden("webhook/report.json",
               pretty(reportMessage(config(generic), report, nullptr, "key-1").body));
  expectGolden("webhook/report.slack.txt",
               chatText(reportMessage(config(slack), report, nullptr, "key-1").body));
}

TEST(WebhookMessage, isTheSameFindingInEveryProcessAndAnotherOnAnotherPod) {
  const auto fingerprint = [](const FindingChange& change) {
    return json::parse(changeBody(WebhookFormat::kGeneric, change))["finding"]["fingerprint"];
  };
  FindingChange change = sampleChange(FindingChange::Kind::kBegan);
  const json first = fingerprint(change);
  change.kind = FindingChange::Kind::kEnded;
  change.number = 7;
  EXPECT_EQ(fingerprint(change), first);
  change.finding.pod = "pod-3";
  EXPECT_NE(fingerprint(change), first);
}

TEST(WebhookMessage, ofACommandNamesItAlsoAtTheEnd) {
  FindingChange change = sampleChange(FindingChange::Kind::kEnded);
  const json other = json::parse(changeBody(WebhookFormat::kGeneric, change));
  change.finding.resource = ResourceRef{"command", "disk", "", ""};
  const json ended = json::parse(changeBody(WebhookFormat::kGeneric, change));
  EXPECT_NE(ended["finding"]["fingerprint"], other["finding"]["fingerprint"]);
  EXPECT_THAT(chatText(changeBody(WebhookFormat::kSlack, change)),
              HasSubstr("*over* RC201 disk on pod-2: "));
}

TEST(WebhookMessage, isBoundedAndValidWhateverStandsInIt) {
  Report hostile = sampleHostile();
  FindingChange change = sampleChange(FindingChange::Kind::kBegan);
  change.finding = hostile.checks[0].outcome.findings[0];
  for (std::string* text :
       {&change.finding.message, &change.finding.cause, &change.finding.remedy}) {
    *text += "<!channel> <https://evil.example|click> `code` &amp; @here [click](https://evil.e) ";
    *text += std::string(100'000, 'x');
  }
  for (const WebhookFormat format : {WebhookFormat::kGeneric, WebhookFormat::kSlack}) {
    const std::string body = changeBody(format, change);
    EXPECT_LT(body.size(), 12'000u);
    EXPECT_TRUE(json::accept(body));
    EXPECT_THAT(body, Not(HasSubstr("planted")));
  }
  const std::string text = chatText(changeBody(WebhookFormat::kSlack, change));
  EXPECT_THAT(text, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(text, HasSubstr("&lt;!channel&gt;"));
  EXPECT_THAT(text, Not(HasSubstr("<https://evil")));
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, HasSubstr("&amp;amp;"));
  // As Mattermost would read them.
  EXPECT_THAT(text, HasSubstr("\xef\xbc\xa0here"));
  EXPECT_THAT(text, HasSubstr("[click] (https"));
  EXPECT_LT(text.size(), 3'000u);
  for (const WebhookFormat format : {WebhookFormat::kGeneric, WebhookFormat::kSlack})
    EXPECT_TRUE(json::accept(reportMessage(config(format), hostile, nullptr, "k").body));
}

TEST(WebhookMessage, linksAreWholeAndCommandsCanBeCopied) {
  WebhookConfig longest = config(WebhookFormat::kSlack);
  longest.statusPage = "https://rollcall.example.org/?a=1&b=" + std::string(900, 'x');
  FindingChange change = sampleChange(FindingChange::Kind::kBegan);
  change.finding.remedy = "mail root@example.org";
  const std::string text = chatText(changeMessage(longest, sampleSite(), change, "k", {}).body);
  EXPECT_THAT(text, HasSubstr("?a=1&amp;b=" + std::string(900, 'x') + "|status page>"));
  EXPECT_THAT(text, HasSubstr("`mail root@example.org`"));
}

TEST(WebhookMessage, ofManyFindingsIsBounded) {
  const Topology topology = sampleTopology(500);
  CheckRun run = samplePostsRun();
  for (const Pod& pod : topology.pods)
    run.outcome.findings.push_back(sampleMissing(pod.name, "hello", "1"));
  const Report report = sampleReportOf({run}, topology);
  const json body =
      json::parse(reportMessage(config(WebhookFormat::kGeneric), report, nullptr, "k").body);
  EXPECT_EQ(body["findings"].size(), 50u);
  EXPECT_EQ(body["findings_omitted"], 450);
  EXPECT_THAT(chatText(reportMessage(config(WebhookFormat::kSlack), report, nullptr, "k").body),
              HasSubstr("and 490 more"));
}

TEST(WebhookMessage, whatIsNotPublishedIsNotNamed) {
  const Report report = publicForm(sampleDraft());
  FindingChange change = sampleChange(FindingChange::Kind::kBegan);
  change.finding = report.checks[1].outcome.findings[0];
  for (const WebhookFormat format : {WebhookFormat::kGeneric, WebhookFormat::kSlack}) {
    EXPECT_THAT(changeBody(format, change), Not(HasSubstr("secret-plan")));
    EXPECT_THAT(reportMessage(config(format), report, nullptr, "k").body,
                Not(HasSubstr("secret-plan")));
  }
}

TEST(WebhookMessage, anEndDoesNotNameWhatMayHaveBeenTakenBackSince) {
  const FindingChange change = sampleChange(FindingChange::Kind::kEnded);
  for (const WebhookFormat format : {WebhookFormat::kGeneric, WebhookFormat::kSlack})
    EXPECT_THAT(changeBody(format, change), Not(HasSubstr("hello")));
}

TEST(WebhookMessage, ofAReportSaysWhatChangedSinceTheLast) {
  Chronicle chronicle;
  chronicle.runs = {PastRun{.started = sampleTime(-60)}, PastRun{.started = sampleTime()}};
  chronicle.comparison.ended.resize(3);
  const Report report = samplePass();
  const json body =
      json::parse(reportMessage(config(WebhookFormat::kGeneric), report, &chronicle, "k").body);
  EXPECT_EQ(body["report"]["since_last"], json::parse(R"({"began":0,"ended":3})"));
  EXPECT_THAT(chatText(reportMessage(config(WebhookFormat::kSlack), report, &chronicle, "k").body),
              HasSubstr("since the last report 0 new, 3 over"));
}

}  // namespace
}  // namespace rollcall
