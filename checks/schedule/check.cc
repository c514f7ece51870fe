// What is to happen at a time: scheduled posts and newsletters, by what the database says of them.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks/schedule/rules.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks {
namespace schedule {
namespace {

using namespace std::chrono_literals;

const std::vector<FindingDef> kFindings = {
    {"RC531", Severity::kCritical, "a scheduled post was not published at its time",
     "Its time has passed and it is still scheduled. The timer lives in the memory of the pod that "
     "took the save and of those that booted since; it publishes by a request to the site's own "
     "url. A pod that is gone, or a url that pods cannot reach, and nobody publishes it until a "
     "pod boots.",
     "see that pods reach the site's url, then restart one pod: a pod that boots publishes what is "
     "overdue"},
    {"RC532", Severity::kWarning, "a newsletter is stuck",
     "It has been pending or submitting for longer than sending takes: the pod that sent it is "
     "gone, or the mail service does not take it. Ghost 6.50 and later takes it up when a pod "
     "boots, older ones never do.",
     "read the pods' logs for the email's id; UPDATE emails SET status='failed' WHERE id='ID', "
     "then Retry in Ghost's editor"},
    {"RC533", Severity::kInfo, "a scheduled post was published twice",
     "Every pod that boots loads all scheduled posts, so several timers fired and two pods "
     "published it in the same moment. The post is right; webhooks and integrations heard of it "
     "twice.",
     "nothing to mend in Ghost; see what your webhooks did. Restart pods when no post is scheduled "
     "soon"},
};
const FindingDef& kOverdue = kFindings[0];
const FindingDef& kStuck = kFindings[1];
const FindingDef& kTwice = kFindings[2];

const std::vector<ParamDef> kParams = {
    // Ghost asks a booting site again for 150 s.
    {"grace", Duration(3min), "a scheduled post is overdue when it is this late", Duration(0s)},
    {"email_patience", Duration(30min),
     "a newsletter is stuck after this, and 26 s more for each 1,000 recipients", Duration(1min)},
};

constexpr std::size_t kMostPosts = 1000;
constexpr std::size_t kMostEmails = 1000;

const std::string kScheduledSql =
    "SELECT type, id, slug, published_at, updated_at, "
    "TIMESTAMPDIFF(SECOND, published_at, UTC_TIMESTAMP()) FROM posts "
    "WHERE type IN ('post', 'page') AND status='scheduled' "
    "AND published_at <= UTC_TIMESTAMP() + INTERVAL 10 MINUTE ORDER BY published_at LIMIT 1000";
const std::string kEmailsSql =
    "SELECT id, post_id, status, email_count, "
    "TIMESTAMPDIFF(SECOND, COALESCE(updated_at, created_at), UTC_TIMESTAMP()) FROM emails "
    "WHERE status IN ('pending', 'submitting') ORDER BY created_at LIMIT 1000";
// Each save of a published post leaves a row with the reason "published"; two in the same moment
// that say the same are what two timers leave.
const std::string kPairsSql = fmt::format(
    "SELECT p.type, p.id, p.slug, p.published_at, a.created_at_ts, b.created_at_ts, "
    "(SELECT s.post_status FROM post_revisions s WHERE s.post_id=a.post_id "
    "AND s.created_at_ts<a.created_at_ts ORDER BY s.created_at_ts DESC LIMIT 1) "
    "FROM posts p JOIN post_revisions a ON a.post_id=p.id JOIN post_revisions b "
    "ON b.post_id=a.post_id AND (b.created_at_ts>a.created_at_ts "
    "OR (b.created_at_ts=a.created_at_ts AND b.id>a.id)) "
    "AND b.created_at_ts<=a.created_at_ts+{} "
    "WHERE p.type IN ('post', 'page') AND p.status='published' "
    "AND p.published_at>UTC_TIMESTAMP() - INTERVAL 1 DAY AND p.published_at<=UTC_TIMESTAMP() "
    "AND a.reason='published' AND b.reason='published' AND a.title <=> b.title "
    "AND a.lexical <=> b.lexical ORDER BY a.created_at_ts, b.created_at_ts LIMIT 1000",
    kTogether.count());

constexpr std::string_view kEmailsGrant =
    "newsletters are not looked at: GRANT SELECT (id, post_id, status, email_count, created_at, "
    "updated_at) ON ghost.emails to Rollcall's account";
constexpr std::string_view kRevisionsGrant =
    "whether schedules fired twice is not looked at: GRANT SELECT (id, post_id, title, lexical, "
    "created_at_ts, post_status, reason) ON ghost.post_revisions to Rollcall's account";

// The account was not given the right, or this Ghost has no such table or column.
bool mayNot(const Error& error) {
  return error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kNotFound;
}

ResourceRef resourceOf(const std::string& type, const std::string& id, const std::string& slug) {
  return {.type = type, .id = id, .slug = slug, .url = ""};
}

std::string timeOf(std::int64_t milliseconds) {
  return formatTime(WallTime(std::chrono::milliseconds(milliseconds)));
}

class ScheduleCheck final : public Check {
 public:
  explicit ScheduleCheck(const Params& params)
      : grace_(params.duration("grace")), emailPatience_(params.duration("email_patience")) {}

  Result<Outcome> run(const CheckContext& context) override;

 private:
  std::optional<Error> lookAtPosts(const CheckContext& context, Outcome& outcome);
  std::optional<Error> lookAtEmails(const CheckContext& context, Outcome& outcome) const;
  std::optional<Error> lookAtRevisions(const CheckContext& context, Outcome& outcome) const;
  void remember(const std::vector<Scheduled>& posts);

  const Duration grace_;
  const Duration emailPatience_;
  KnownDue known_;  // posts this process saw scheduled
};

Result<Outcome> ScheduleCheck::run(const CheckContext& context) {
  Outcome outcome;
  if (auto failed = lookAtPosts(context, outcome)) return *failed;
  if (auto failed = lookAtEmails(context, outcome)) return *failed;
  if (auto failed = lookAtRevisions(context, outcome)) return *failed;
  return outcome;
}

void ScheduleCheck::remember(const std::vector<Scheduled>& posts) {
  for (const Scheduled& post : posts) known_[post.id] = post.due;
  if (known_.size() <= 2 * kMostPosts) return;
  known_.clear();
  for (const Scheduled& post : posts) known_[post.id] = post.due;
}

Finding overdue(const Scheduled& post, const CheckContext& context) {
  Finding finding;
  finding.def = &kOverdue;
  finding.resource = resourceOf(post.type, post.id, post.slug);
  finding.message =
      fmt::format("the {} \"{}\" was due at {} and is still scheduled {} later", post.type,
                  post.slug, formatTime(post.due), formatDuration(post.late));
  finding.cause = whoHoldsTheTimer(context.topology, post.savedAt);
  finding.evidence = {{"db_status", "scheduled"}, {"published_at", formatTime(post.due)}};
  if (post.savedAt) finding.evidence["updated_at"] = formatTime(*post.savedAt);
  const std::string pod = context.topology.pods.empty() ? "NAME" : context.topology.pods[0].name;
  finding.remedy = fmt::format(
      "see that pods reach {}, then restart one, which publishes what is overdue: kubectl delete "
      "pod {}",
      context.site.url.text(), pod);
  return finding;
}

std::optional<Error> ScheduleCheck::lookAtPosts(const CheckContext& context, Outcome& outcome) {
  const auto rows = context.content->rows(kScheduledSql, context.deadline, context.stop);
  if (!rows) return rows.error();
  const std::vector<Scheduled> posts = readScheduled(*rows);
  for (const Scheduled& post : posts)
    if (post.late > grace_) outcome.findings.push_back(overdue(post, context));
  outcome.tally.restart.postsDueSoon = dueSoon(posts, grace_);
  if (rows->size() == kMostPosts)
    outcome.notes.push_back(
        fmt::format("more than {} scheduled posts are due: not all were looked at", kMostPosts));
  remember(posts);
  return std::nullopt;
}

Finding stuck(const Email& email) {
  Finding finding;
  finding.def = &kStuck;
  finding.resource = resourceOf("post", email.postId, "");
  finding.message = fmt::format("the newsletter {} of the post {} has been {} for {}", email.id,
                                email.postId, email.status, formatDuration(email.age));
  finding.cause =
      "the pod that was to send it is gone, or the mail service does not take it; a newsletter of "
      "this size takes less";
  finding.evidence = {{"status", email.status},
                      {"email_id", email.id},
                      {"recipients", std::to_string(email.recipients)}};
  finding.remedy = fmt::format(
      "read the pods' logs for {0}; when no pod sends it, `UPDATE emails SET status='failed' WHERE "
      "id='{0}'` in the database, then Retry in Ghost's editor",
      email.id);
  return finding;
}

std::optional<Error> ScheduleCheck::lookAtEmails(const CheckContext& context,
                                                 Outcome& outcome) const {
  const auto rows = context.content->rows(kEmailsSql, context.deadline, context.stop);
  if (!rows && !mayNot(rows.error())) return rows.error();
  if (!rows) {
    outcome.notes.emplace_back(kEmailsGrant);
    return std::nullopt;
  }
  const std::vector<Email> emails = readEmails(*rows);
  outcome.tally.restart.emailsInFlight = emails.size();
  for (const Email& email : emails)
    if (isStuck(email, emailPatience_)) outcome.findings.push_back(stuck(email));
  return std::nullopt;
}

Finding twice(const Pair& pair) {
  Finding finding;
  finding.def = &kTwice;
  finding.resource = resourceOf(pair.type, pair.id, pair.slug);
  finding.message = fmt::format(
      "the {} \"{}\", due at {}, was saved twice as published within {}", pair.type, pair.slug,
      formatTime(pair.due), formatDuration(std::chrono::milliseconds(pair.second - pair.first)));
  finding.cause =
      "more than one pod held a timer for it: every pod that boots loads all scheduled posts; or "
      "an "
      "integration that hears of publications edited its tags or metadata at once";
  finding.evidence = {{"first", timeOf(pair.first)},
                      {"second", timeOf(pair.second)},
                      {"published_at", formatTime(pair.due)}};
  finding.remedy = kTwice.remedy;
  return finding;
}

std::optional<Error> ScheduleCheck::lookAtRevisions(const CheckContext& context,
                                                    Outcome& outcome) const {
  const auto rows = context.content->rows(kPairsSql, context.deadline, context.stop);
  if (!rows && !mayNot(rows.error())) return rows.error();
  if (!rows) {
    outcome.notes.emplace_back(kRevisionsGrant);
    return std::nullopt;
  }
  for (const Pair& pair : firedTwice(readPairs(*rows), known_))
    outcome.findings.push_back(twice(pair));
  return std::nullopt;
}

}  // namespace
}  // namespace schedule

const CheckSpec& scheduleSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "schedule",
      .summary = "scheduled posts and newsletters go out at their time, and once",
      .needs = {Need::kDatabase},
      .interval = 30s,
      .timeout = 15s,
      .onChange = false,
      .findings = schedule::kFindings,
      .params = schedule::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<schedule::ScheduleCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
