#include <gmock/gmock.h>

#include "daemon/core/registry.h"
#include "daemon/ghost/mail_settings.h"
#include "daemon/k8s/scripted_http.h"
#include "daemon/k8s/workload.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/fake_smtp_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {
const CheckSpec& mailSpec();

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::codesOf;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::FakeSmtpClient;
using testing_support::PatientClock;
using testing_support::visitEndedWith;
using testing_support::visitInOrder;

class FakeWorkload final : public WorkloadSource {
 public:
  Result<Workload> look(Deadline, std::stop_token) override { return workload; }
  Workload workload;
};

class MailCheckTest : public testing::Test {
 protected:
  MailCheckTest() {
    topology_.pods = {{.name = "pod-1", .host = "10.0.0.1"}};
    site_.url = site_.admin = *parseUrl("https://e.org");
    smtp_.answers({visitInOrder()});
  }

  void configure(std::map<std::string, std::string> more = {}) {
    std::map<std::string, std::string> values = {{"mail.transport", "SMTP"},
                                                 {"mail.options.host", "smtp.e.org"},
                                                 {"mail.options.auth.user", "ghost"},
                                                 {"mail.options.auth.pass", "secret"}};
    for (auto& [path, value] : more) values[path] = value;
    mail_ = *readMailSettings(values);
  }
  Outcome run(std::map<std::string, ParamValue> params = {}, Trigger trigger = Trigger::kOnce) {
    std::vector<std::string> problems;
    const auto check = mailSpec().make(Params::parse(mailSpec().params, params, "", problems));
    EXPECT_THAT(problems, IsEmpty());
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .content = content_,
                               .workload = workload_,
                               .web = &web_,
                               .smtp = &smtp_,
                               .mail = mail_ ? &*mail_ : nullptr,
                               .trigger = trigger,
                               .deadline = Deadline(MonoTime(1h))};
    return testing_support::expectOutcome(check->run(context));
  }

  Topology topology_;
  Site site_;
  PatientClock clock_;
  FakePodClient pods_;
  FakeContentSource source_;
  FakeContentSource* content_ = nullptr;
  FakeWorkload kubernetes_;
  WorkloadSource* workload_ = nullptr;
  FakeSmtpClient smtp_;
  std::vector<std::string> asked_;
  k8s::ScriptedHttp web_{[this](const HttpRequest& request, std::stop_token) {
    asked_.push_back(request.url);
    return k8s::Scripted{.status = 200, .body = R"({"domain":{"state":"active"}})"};
  }};
  std::optional<MailSettings> mail_;
};

TEST_F(MailCheckTest, withoutAnyKnowledgeItIsNotApplicable) {
  EXPECT_THAT(run().notApplicable.value_or(""), HasSubstr("--ghost-config"));
  EXPECT_THAT(smtp_.questions, IsEmpty());
}

TEST_F(MailCheckTest, oneVisitWithoutLoginOrMailIsEnough) {
  configure();
  const Outcome outcome = run();
  EXPECT_THAT(codesOf(outcome), IsEmpty());
  EXPECT_THAT(outcome.gaps, IsEmpty());
  ASSERT_EQ(smtp_.questions.size(), 1U);
  EXPECT_EQ(smtp_.questions[0].host, "smtp.e.org");
  EXPECT_EQ(smtp_.questions[0].user, "");
  EXPECT_FALSE(smtp_.questions[0].mail);
}

TEST_F(MailCheckTest, whatMayPassIsLookedAtTwice) {
  configure();
  smtp_.answers({visitEndedWith(SmtpEnd::kRefused), visitInOrder()});
  EXPECT_THAT(codesOf(run()), IsEmpty());
  EXPECT_EQ(clock_.slept, Duration(2s));
  smtp_.answers({visitEndedWith(SmtpEnd::kRefused)});
  EXPECT_THAT(codesOf(run()), ElementsAre("RC653"));
}

TEST_F(MailCheckTest, whatTookAllTheTimeIsNotTriedAgain) {
  configure();
  smtp_.answers({visitEndedWith(SmtpEnd::kTimeout)});
  const Outcome outcome = run();
  EXPECT_EQ(smtp_.questions.size(), 1U);
  ASSERT_EQ(outcome.gaps.size(), 1U);
  EXPECT_EQ(outcome.gaps[0].why.code, ErrorCode::kDeadlineExceeded);
}

TEST_F(MailCheckTest, aLoginIsASecondVisitThatInsistsOnTls) {
  configure();
  run({{"login", true}});
  ASSERT_EQ(smtp_.questions.size(), 2U);
  EXPECT_EQ(smtp_.questions[1].user, "ghost");
  EXPECT_EQ(smtp_.questions[1].security, SmtpSecurity::kRequired);
  EXPECT_EQ(smtp_.questions[1].loginWay, "PLAIN");
  EXPECT_FALSE(smtp_.questions[1].mail);
}

TEST_F(MailCheckTest, noLoginGoesOverAnUnencryptedConnection) {
  configure({{"mail.test_to", "reader@e.net"}});
  smtp_.answers({visitInOrder(false)});
  const Outcome outcome = run({{"login", true}});
  EXPECT_EQ(smtp_.questions.size(), 1U);
  EXPECT_THAT(codesOf(outcome), ElementsAre("RC660"));
  ASSERT_EQ(outcome.gaps.size(), 1U);
  EXPECT_EQ(outcome.gaps[0].what, "the test mail");
}

TEST_F(MailCheckTest, aMailIsOnlySentWhereSomebodyWaitsForIt) {
  configure({{"mail.test_to", "reader@e.net"}});
  run();
  ASSERT_EQ(smtp_.questions.size(), 2U);
  ASSERT_TRUE(smtp_.questions[1].mail);
  EXPECT_EQ(smtp_.questions[1].mail->to, "reader@e.net");
  EXPECT_EQ(smtp_.questions[1].mail->from, "noreply@e.org");
  smtp_.questions.clear();
  run({}, Trigger::kInterval);
  EXPECT_EQ(smtp_.questions.size(), 1U);
}

TEST_F(MailCheckTest, aMailThatIsNotSentIsTold) {
  configure({{"mail.transport", "stub"}, {"mail.test_to", "reader@e.net"}});
  const Outcome outcome = run();
  ASSERT_EQ(outcome.gaps.size(), 1U);
  EXPECT_EQ(outcome.gaps[0].what, "the test mail");
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("stub"));
  mail_ = *readMailSettings({{"mail.test_to", "reader@e.net"}});
  EXPECT_EQ(run().gaps.size(), 1U);
}

TEST_F(MailCheckTest, aTransportThatAFileHasByDefaultIsAFindingOnlyWherePodsHaveNone) {
  mail_ =
      *readMailSettings({{"mail.file", "config.production.json"}, {"mail.transport", "Direct"}});
  workload_ = &kubernetes_;
  kubernetes_.workload.pods.resize(1);
  kubernetes_.workload.pods[0].ghost.emplace();
  kubernetes_.workload.pods[0].ghost->hasMail = true;
  EXPECT_TRUE(run().notApplicable);
  kubernetes_.workload.pods[0].ghost->hasMail = false;
  EXPECT_THAT(codesOf(run()), ElementsAre("RC651"));
}

TEST_F(MailCheckTest, aFileWithoutATransportIsAFindingOnlyWherePodsHaveNoneEither) {
  mail_ = *readMailSettings({{"mail.file", "config.production.json"}});
  EXPECT_TRUE(run().notApplicable) << "the pods may have variables of their own";
  workload_ = &kubernetes_;
  EXPECT_TRUE(run().notApplicable) << "there are no pods to look at";
  kubernetes_.workload.pods.resize(1);
  EXPECT_TRUE(run().notApplicable) << "which container is Ghost's is not clear";
  kubernetes_.workload.pods[0].ghost.emplace();
  EXPECT_THAT(codesOf(run()), ElementsAre("RC651"));
  kubernetes_.workload.pods[0].ghost->hasMail = true;
  EXPECT_TRUE(run().notApplicable);
}

TEST_F(MailCheckTest, aServerInGhostsOwnPodIsNotToBeSeen) {
  configure({{"mail.options.host", "localhost"}});
  EXPECT_TRUE(run().notApplicable);
  topology_.pods[0].host = "127.0.0.1";
  EXPECT_FALSE(run().notApplicable);
  EXPECT_EQ(smtp_.questions.size(), 1U);
}

TEST_F(MailCheckTest, theMailgunAccountOfTheSettingsIsAsked) {
  content_ = &source_;
  source_.reply("mailgun_api_key", {{"mailgun_api_key", "key-1"},
                                    {"mailgun_base_url", "https://api.eu.mailgun.net/v3"},
                                    {"mailgun_domain", "mg.e.org"}});
  const Outcome outcome = run();
  EXPECT_FALSE(outcome.notApplicable);
  EXPECT_THAT(asked_, ElementsAre("https://api.eu.mailgun.net/v3/domains/mg.e.org"));
}

TEST_F(MailCheckTest, theConfigurationsMailgunAccountIsStrongerThanTheSettings) {
  content_ = &source_;
  mail_ = *readMailSettings({{"mail.transport", "stub"},
                             {"bulkEmail.mailgun.apiKey", "key-2"},
                             {"bulkEmail.mailgun.domain", "bulk.e.org"},
                             {"bulkEmail.mailgun.baseUrl", "https://api.mailgun.net/v3"}});
  run();
  EXPECT_THAT(asked_, ElementsAre("https://api.mailgun.net/v3/domains/bulk.e.org"));
}

TEST_F(MailCheckTest, anAccountThatCannotBeReadIsAGapAndNoOtherIsAskedInstead) {
  content_ = &source_;
  source_.reply("mailgun_api_key", {{"mailgun_api_key", "key-1"},
                                    {"mailgun_base_url", "https://u:p@api.mailgun.net/v3"},
                                    {"mailgun_domain", "mg.e.org"}});
  EXPECT_EQ(run().gaps.size(), 1U);
  source_.reply("mailgun_api_key", {{"mailgun_api_key", "key-1"},
                                    {"mailgun_base_url", "https://api.mailgun.net/v3"},
                                    {"mailgun_domain", "mg.e.org"}});
  mail_ = *readMailSettings({{"bulkEmail.mailgun.apiKey", "key-2"},
                             {"bulkEmail.mailgun.domain", "mg e.org"},
                             {"bulkEmail.mailgun.baseUrl", "https://api.mailgun.net/v3"}});
  const Outcome outcome = run();
  ASSERT_EQ(outcome.gaps.size(), 1U);
  EXPECT_THAT(outcome.gaps[0].why.message, HasSubstr("bulkEmail.mailgun"));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(MailCheckTest, settingsWithoutMailgunAreNothingToLookAt) {
  content_ = &source_;
  source_.reply("mailgun_api_key", {{"mailgun_api_key", std::nullopt}});
  EXPECT_TRUE(run().notApplicable);
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(MailCheckTest, aDatabaseThatDoesNotAnswerIsAGap) {
  content_ = &source_;
  source_.error = Error{ErrorCode::kUnavailable, "gone"};
  const Outcome outcome = run();
  EXPECT_FALSE(outcome.notApplicable);
  EXPECT_EQ(outcome.gaps.size(), 1U);
}

}  // namespace
}  // namespace rollcall::checks
