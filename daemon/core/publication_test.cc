#include "daemon/core/publication.h"

#include <gmock/gmock.h>

#include "daemon/core/finding_traits.h"

namespace rollcall {
namespace {

const FindingDef kServed{"RC203", Severity::kCritical, "served though not public", "", "restart"};

// A finding that names its post wherever one can.
Finding about(const std::string& slug, const std::string& status) {
  Finding finding;
  finding.def = &kServed;
  finding.pod = "pod-1";
  finding.resource = ResourceRef{"post", "64b7", slug, "https://e.org/" + slug + "/"};
  finding.message = "pod-1 serves /" + slug + "/";
  finding.cause = slug + " was unpublished";
  finding.evidence = {{"status", "200"}, {"location", "/" + slug + "/"}};
  if (!status.empty()) finding.evidence["db_status"] = status;
  finding.reproduce = "curl https://e.org/" + slug + "/";
  finding.remedy = "restart pod-1, then purge /" + slug + "/ at the CDN";
  finding.since = WallTime{std::chrono::seconds(7)};
  return finding;
}

std::string allTextOf(const Finding& finding) {
  std::string text = finding.message + finding.cause + finding.reproduce + finding.remedy;
  if (finding.resource) text += finding.resource->slug + finding.resource->url;
  for (const auto& [key, value] : finding.evidence) text += key + value;
  return text;
}

TEST(PublicForm, TellsNothingOfTheAddressOfWhatIsNotPublished) {
  for (const char* status : {"draft", "scheduled", "sent", "anything else"}) {
    const Finding finding = about("secret-plan", status);
    EXPECT_FALSE(isPublic(finding)) << status;
    const Finding shown = publicForm(finding);
    EXPECT_THAT(allTextOf(shown), testing::Not(testing::HasSubstr("secret-plan"))) << status;
    EXPECT_EQ(shown.def, &kServed);
    EXPECT_EQ(shown.pod, "pod-1");
    EXPECT_EQ(shown.since, finding.since);
    EXPECT_EQ(shown.resource->id, "64b7");
    EXPECT_EQ(shown.evidence.at("status"), "200");
    EXPECT_EQ(shown.message, std::string("the post 64b7 is not published (") + status +
                                 "): its address is not shown");
  }
}

TEST(PublicForm, LeavesWhatIsPublishedOrNoPostAsItIs) {
  for (const char* status : {"published", ""}) {
    const Finding finding = about("hello", status);
    EXPECT_TRUE(isPublic(finding));
    EXPECT_EQ(allTextOf(publicForm(finding)), allTextOf(finding));
  }
}

TEST(PublicForm, OfAReportCoversEveryCheck) {
  Report report;
  for (const char* check : {"posts", "sitemap"}) {
    CheckRun run;
    run.check = check;
    run.outcome.findings = {about("hello", "published"), about("secret-plan", "draft")};
    report.checks.push_back(std::move(run));
  }
  for (const CheckRun& run : publicForm(report).checks) {
    ASSERT_EQ(run.outcome.findings.size(), 2u);
    EXPECT_EQ(run.outcome.findings[0].resource->slug, "hello");
    EXPECT_EQ(run.outcome.findings[1].resource->slug, "");
  }
}

}  // namespace
}  // namespace rollcall
