// The theme: in the content folder, and as every pod serves and renders it.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "checks/theme/claims.h"
#include "checks/theme/codes.h"

namespace rollcall::checks {
namespace theme {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSoonest = 500ms;

const std::vector<ParamDef> kParams = {
    {"pages_every", std::int64_t{2},
     "the daemon asks each pod for one rendered page in each n-th run", std::int64_t{1}},
};

class ThemeCheck final : public Check {
 public:
  explicit ThemeCheck(const Params& params)
      : pagesEvery_(std::max<std::uint64_t>(params.count("pages_every"), 1)) {}

  Result<Outcome> run(const CheckContext& context) override;

 private:
  Result<Plan> planFor(const CheckContext& context);
  bool wantsAllPages(const CheckContext& context) const {
    return context.trigger == Trigger::kOnce || suspicious_ || stateChanged_;
  }
  std::vector<Claim> due(const CheckContext& context, const Look& look, Outcome& outcome);
  Result<std::vector<Claim>> confirmed(const CheckContext& context, Plan plan, const Look& first,
                                       std::vector<Claim> claims, Outcome& outcome);

  const std::uint64_t pagesEvery_;
  std::uint64_t runs_ = 0;
  Known known_;
  std::map<std::string, MonoTime> firstSeen_;  // by Claim::key()
  std::optional<ThemeState> lastState_;
  bool stateChanged_ = true;
  bool suspicious_ = false;  // the last run saw something, or there is a claim
};

void add(const Claim& claim, Outcome& outcome) {
  Finding finding;
  finding.def = &findings()[claim.code];
  finding.pod = claim.pod;
  finding.message = claim.message;
  finding.cause = claim.cause;
  finding.evidence = claim.evidence;
  finding.reproduce = claim.reproduce;
  finding.remedy = claim.remedy;
  outcome.findings.push_back(std::move(finding));
}

Result<Plan> ThemeCheck::planFor(const CheckContext& context) {
  Plan plan;
  const std::uint64_t run = runs_++;
  const bool rhythm = run % pagesEvery_ == 0;
  const bool all = wantsAllPages(context);
  if (!all && !rhythm) return plan;
  plan.custom = true;
  const auto post = oldestPost(context);
  if (!post) return post.error();
  const bool front = all || !*post || run / pagesEvery_ % 2 == 0;
  if (front) plan.pages.push_back("/");
  if (*post && (all || !front)) plan.pages.push_back(**post);
  return plan;
}

// The claims that are old enough. A change without a date waits the settle window from when it was
// first seen; a person who waits for one answer is kept waiting for that long.
std::vector<Claim> ThemeCheck::due(const CheckContext& context, const Look& look,
                                   Outcome& outcome) {
  std::map<std::string, MonoTime> seen;
  std::vector<Claim> due;
  std::size_t settling = 0;
  const MonoTime now = context.clock.mono();
  for (const Claim& claim : look.claims) {
    const auto earlier = firstSeen_.find(claim.key());
    const MonoTime first = earlier == firstSeen_.end() ? now : earlier->second;
    seen[claim.key()] = first;
    Duration wait = context.settle - (now - first);
    if (claim.dated && look.state.age)
      wait = std::min(wait, context.settle - *look.state.age);
    else if (context.trigger == Trigger::kOnce)
      wait = Duration::zero();
    if (wait <= Duration::zero()) {
      due.push_back(claim);
      continue;
    }
    ++settling;
    wait = std::max(wait, kSoonest);
    outcome.again = std::min(outcome.again.value_or(wait), wait);
  }
  if (settling > 0)
    outcome.notes.push_back(fmt::format("{} differences were seen less than {} ago: not judged yet",
                                        settling, formatDuration(context.settle)));
  firstSeen_ = std::move(seen);
  return due;
}

// What a second look, and the database once more, still say.
Result<std::vector<Claim>> ThemeCheck::confirmed(const CheckContext& context, Plan plan,
                                                 const Look& first, std::vector<Claim> claims,
                                                 Outcome& outcome) {
  const auto undated = [&](const Claim& claim) { return !claim.dated || !first.state.age; };
  if (context.trigger == Trigger::kOnce && std::ranges::any_of(claims, undated)) {
    const MonoTime until = context.clock.mono() + context.settle;
    if (until >= context.deadline.when()) {
      outcome.gaps.push_back({"",
                              "the theme",
                              {ErrorCode::kDeadlineExceeded,
                               "a difference was seen and there was no time to look again"}});
      std::erase_if(claims, undated);
      if (claims.empty()) return claims;
    } else if (!context.clock.sleepUntil(until, context.stop)) {
      return Error{ErrorCode::kCancelled, "stopped before a second look"};
    }
  }
  plan.fresh = true;
  if (std::ranges::all_of(claims, &Claim::ofVolume))
    plan = {.pages = {}, .fresh = true, .volumeOnly = true};
  // A pod that cannot render has its finding by the check pods.
  else if (std::ranges::find(plan.pages, "/") == plan.pages.end())
    plan.pages.push_back("/");
  auto second = lookAround(context, plan, known_);
  if (!second) return second.error();
  std::set<std::string> still;
  if (second->state.same(first.state))
    for (const Claim& claim : second->claims) still.insert(claim.key());
  else
    outcome.again = std::min(outcome.again.value_or(1s), Duration(1s));
  for (Gap& gap : second->gaps) {
    const auto same = [&](const Gap& one) { return one.pod == gap.pod && one.what == gap.what; };
    if (std::ranges::none_of(outcome.gaps, same)) outcome.gaps.push_back(std::move(gap));
  }
  std::vector<Claim> left;
  for (const Claim& claim : claims)
    if (still.contains(claim.key())) left.push_back(claim);
  return left;
}

Result<Outcome> ThemeCheck::run(const CheckContext& context) {
  Outcome outcome;
  const auto plan = planFor(context);
  if (!plan) return plan.error();
  auto look = lookAround(context, *plan, known_);
  if (!look) return look.error();
  stateChanged_ = !lastState_ || !lastState_->same(look->state);
  lastState_ = look->state;
  outcome.gaps = std::move(look->gaps);
  outcome.notes = std::move(look->notes);
  if (!context.content)
    outcome.notes.push_back("no database: which theme should be active is not known");
  const std::vector<Claim> claims = due(context, *look, outcome);
  suspicious_ = !std::ranges::all_of(look->claims, &Claim::ofVolume);
  if (stateChanged_ && context.trigger != Trigger::kOnce)
    outcome.again = std::min(outcome.again.value_or(context.settle), context.settle);
  if (claims.empty()) return outcome;
  const auto left = confirmed(context, *plan, *look, claims, outcome);
  if (!left) return left.error();
  for (const Claim& claim : *left) add(claim, outcome);
  return outcome;
}

}  // namespace
}  // namespace theme

const CheckSpec& themeSpec() {
  static const CheckSpec spec{
      .name = "theme",
      .summary = "every pod serves and renders the active theme as it is in the content folder",
      .needs = {Need::kPods},
      .interval = std::chrono::seconds(60),
      .timeout = std::chrono::seconds(45),
      .onChange = false,
      .findings = theme::findings(),
      .params = theme::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<theme::ThemeCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
