// Redirects and offers' links: every pod answers as the redirects file and the database say.
#include "daemon/core/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "checks/redirects/memory.h"
#include "checks/redirects/pattern.h"
#include "checks/redirects/questions.h"
#include "checks/redirects/source.h"
#include "checks/redirects/wording.h"
#include "daemon/content/known_routes.h"
#include "daemon/core/url_path.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/routes.h"

namespace rollcall::checks {
namespace redirects {
namespace {

using namespace std::chrono_literals;

const std::vector<ParamDef> kParams = {
    {"sample", std::int64_t{3}, "redirects asked in turn per run of the daemon and pod"},
    {"sample_once", std::int64_t{6}, "redirects asked per pod by rollcall check"},
};

const Error kNoTime{ErrorCode::kDeadlineExceeded,
                    "what was seen may be younger than the settle window, and there was no time "
                    "to look again"};

struct Kept {
  Memory memory;
  std::size_t runs = 0;
  std::optional<MonoTime> brokenSince;
};

// One run of the check, step by step.
class Run {
 public:
  Run(Kept& kept, std::size_t sample, const CheckContext& context)
      : kept_(kept), sample_(sample), context_(context) {}

  Result<Outcome> run();

 private:
  std::optional<Error> learn();
  bool waitToSettle();
  void judgeFile();
  std::unordered_set<std::string> pathsOfInterest() const;
  std::optional<Error> readLive();
  void expectNow();
  std::vector<Question> plan();
  Wanted sift(const std::vector<Question>& questions, const Answers& answers);
  std::optional<Error> confirm(const std::vector<Question>& questions, const Wanted& due);
  bool stillExpected(const Question& question) const;
  void again(Duration in) { outcome_.again = std::min(outcome_.again.value_or(in), in); }
  void cannotAsk(const std::string& pod, Error why);
  void report();
  void add(Code code, const std::string& pod, std::vector<const Claim*> claims);
  void addNotes();

  Kept& kept_;
  const std::size_t sample_;
  const CheckContext& context_;
  FoundRules rules_;
  FoundOffers offers_;
  std::unordered_set<std::string> live_;
  Expectations expected_;
  std::vector<const Pod*> pods_;
  std::set<std::string> mute_;  // pods that could not be asked, in this run
  Outcome outcome_;
};

Result<Outcome> Run::run() {
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) pods_.push_back(&pod);
  if (auto error = learn()) return *error;
  judgeFile();
  if (auto error = readLive()) return *error;
  expectNow();
  const auto questions = plan();
  if (questions.empty() && expected_.all.empty() && outcome_.findings.empty() && !rules_.gap) {
    addNotes();
    std::string reason = "there are no redirects and no offers to ask for";
    for (const std::string& note : outcome_.notes) reason += "; " + note;
    Outcome nothing;
    nothing.notApplicable = std::move(reason);
    nothing.again = outcome_.again;
    return nothing;
  }
  const Answers answers = ask(context_, pods_, questions, {}, Reason::kView);
  const Wanted due = sift(questions, answers);
  if (!due.empty())
    if (auto error = confirm(questions, due)) return *error;
  report();
  addNotes();
  return std::move(outcome_);
}

std::optional<Error> Run::learn() {
  auto offers = findOffers(context_);
  if (!offers) return offers.error();
  offers_ = std::move(*offers);
  rules_ = findRules(context_, kept_.runs++);
  return std::nullopt;
}

// True when the settle window has passed.
bool Run::waitToSettle() {
  const MonoTime until = context_.clock.mono() + context_.settle;
  return until < context_.deadline.when() && context_.clock.sleepUntil(until, context_.stop);
}

// A file that is being written is broken for a moment.
void Run::judgeFile() {
  if (rules_.broken.empty()) {
    kept_.brokenSince.reset();
    return;
  }
  bool settled = rules_.brokenSettled;
  if (!settled && context_.trigger == Trigger::kOnce) {
    if (waitToSettle()) {
      rules_ = findRules(context_, kept_.runs);
      settled = !rules_.broken.empty();
    } else {
      rules_.gap = Gap{"", rules_.place, kNoTime};
    }
  } else if (!settled) {
    const MonoTime now = context_.clock.mono();
    if (!kept_.brokenSince) kept_.brokenSince = now;
    const Duration left = *kept_.brokenSince + context_.settle - now;
    settled = left <= Duration::zero();
    if (!settled) again(left);
  }
  if (settled) outcome_.findings.push_back(brokenFile(rules_.place, rules_.broken));
}

// Those that a rule answers or answered; nobody asks whether others are public.
std::unordered_set<std::string> Run::pathsOfInterest() const {
  std::unordered_set<std::string> paths;
  for (const Rule& rule : rules_.rules->rules)
    if (const auto path = Pattern(rule.from).example()) paths.emplace(withoutSlash(*path));
  for (const std::string& path : kept_.memory.paths()) paths.emplace(withoutSlash(path));
  return paths;
}

std::optional<Error> Run::readLive() {
  if (!rules_.rules || rules_.rules->rules.empty() || !context_.content) return std::nullopt;
  const auto wanted = pathsOfInterest();
  if (wanted.empty()) return std::nullopt;
  const auto content = context_.content->load(context_.deadline, context_.stop);
  if (!content) return content.error();
  Routes routes = ghost::defaultRoutes();
  if (const auto known = readKnownRoutes(context_)) routes = known->routes;
  for (const Entry& entry : (*content)->entries) {
    if (!entry.isPublic) continue;
    std::vector<std::string> permalinks{"/{slug}/"};
    if (entry.type == ResourceType::kTag) permalinks = {routes.tagPermalink};
    if (entry.type == ResourceType::kAuthor) permalinks = {routes.authorPermalink};
    if (entry.type == ResourceType::kPost)
      for (const Collection& one : routes.collections) permalinks.push_back(one.permalink);
    for (const std::string& permalink : permalinks) {
      const auto path = ghost::expandPermalink(permalink, {entry.id, entry.slug, entry.primaryTag,
                                                           entry.primaryAuthor, entry.publishedAt});
      if (!path) continue;
      std::string bare(withoutSlash(*path));
      if (wanted.contains(bare)) live_.insert(std::move(bare));
    }
  }
  return std::nullopt;
}

void Run::expectNow() {
  expected_ = expect(
      rules_.rules ? &*rules_.rules : nullptr, offers_.offers ? &*offers_.offers : nullptr,
      [this](std::string_view path) { return live_.contains(std::string(path)); }, context_.settle,
      context_.site);
}

std::vector<Question> Run::plan() {
  const auto minutes =
      std::chrono::duration_cast<std::chrono::minutes>(context_.clock.wall().time_since_epoch());
  return kept_.memory.plan({.expected = expected_,
                            .rules = rules_.rules.has_value(),
                            .offers = offers_.offers.has_value(),
                            .sample = sample_,
                            .turn = static_cast<std::size_t>(minutes.count()),
                            .once = context_.trigger == Trigger::kOnce});
}

// Remembers what is right and what is known to be wrong; the rest of what is wrong is due for a
// second look once it has had time to settle.
Wanted Run::sift(const std::vector<Question>& questions, const Answers& answers) {
  Wanted due, young;
  std::map<std::size_t, Error> gaps;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (std::size_t p = 0; p < pods_.size(); ++p) {
      const Question& question = questions[q];
      const Answer& answer = *answers[q][p];
      const std::string& pod = pods_[p]->name;
      if (answer.seen == Seen::kUnclear) {
        gaps.try_emplace(p, answer.why);
        kept_.memory.unclear(question);
        continue;
      }
      if (!isWrong(question, answer)) {
        kept_.memory.right(question, pod);
        continue;
      }
      if (kept_.memory.isClaimed(question.expected.path, pod)) {
        kept_.memory.wrong(question, pod, answer);
        continue;
      }
      const Duration left =
          kept_.memory.patience(question, pod, context_.clock.mono(), context_.settle);
      if (left == Duration::zero())
        due.emplace_back(q, p);
      else
        young.emplace_back(q, p);
      if (left > Duration::zero() && context_.trigger != Trigger::kOnce) again(left);
    }
  }
  for (auto& [pod, why] : gaps) cannotAsk(pods_[pod]->name, std::move(why));
  if (young.empty()) return due;
  if (context_.trigger != Trigger::kOnce) {
    outcome_.notes.push_back("a difference that has just been seen is not judged yet");
  } else if (waitToSettle()) {
    due.insert(due.end(), young.begin(), young.end());
  } else {
    std::set<std::string> unjudged;
    for (const auto& [q, p] : young) unjudged.insert(pods_[p]->name);
    for (const std::string& pod : unjudged)
      outcome_.gaps.push_back({pod, "its redirects", kNoTime});
  }
  return due;
}

void Run::cannotAsk(const std::string& pod, Error why) {
  mute_.insert(pod);
  outcome_.gaps.push_back({pod, "its redirects", std::move(why)});
}

// Nothing is claimed on one look: the file and the offers are read again, and the pods asked again.
std::optional<Error> Run::confirm(const std::vector<Question>& questions, const Wanted& due) {
  const std::string place = rules_.place;
  if (auto error = learn()) return error;
  if (rules_.place.empty()) rules_.place = place;
  expectNow();
  Wanted wanted;
  for (const auto& [q, p] : due)
    if (stillExpected(questions[q])) wanted.emplace_back(q, p);
  if (wanted.size() < due.size()) again(1s);
  if (wanted.empty()) return std::nullopt;
  const Answers answers = ask(context_, pods_, questions, wanted, Reason::kSuspect);
  for (const auto& [q, p] : wanted) {
    const Answer& answer = *answers[q][p];
    if (isWrong(questions[q], answer))
      kept_.memory.wrong(questions[q], pods_[p]->name, answer);
    else if (answer.seen != Seen::kUnclear)
      kept_.memory.right(questions[q], pods_[p]->name);
    else
      cannotAsk(pods_[p]->name, answer.why);
  }
  return std::nullopt;
}

bool Run::stillExpected(const Question& question) const {
  const std::string& path = question.expected.path;
  if (!(question.expected.offer ? offers_.offers.has_value() : rules_.rules.has_value()))
    return false;
  if (question.removed) return !expected_.answered(path);
  return std::ranges::any_of(expected_.all, [&](const Expectation& one) {
    return one.path == path && one.sameAs(question.expected);
  });
}

void Run::report() {
  std::vector<std::string> names;
  for (const Pod* pod : pods_) names.push_back(pod->name);
  kept_.memory.settleUp(names);
  if (kept_.memory.wantsMore()) again(1s);

  std::map<std::pair<Code, std::string>, std::vector<const Claim*>> groups;
  for (const auto& [path, claims] : kept_.memory.claims()) {
    const bool all = claims.size() == pods_.size();
    for (const auto& [pod, claim] : claims) {
      // It is remembered, and said again when the pod can be asked.
      if (mute_.contains(pod)) continue;
      groups[{codeOf(claim, all), all ? "" : pod}].push_back(&claim);
      if (all) break;
    }
  }
  for (auto& [key, claims] : groups) add(key.first, key.second, std::move(claims));
}

void Run::add(Code code, const std::string& pod, std::vector<const Claim*> claims) {
  Finding finding = findingOf({.code = code,
                               .pod = pod,
                               .claims = claims,
                               .place = rules_.place,
                               .changed = rules_.changed});
  for (const Pod* one : pods_)
    if (pod.empty() || one->name == pod) {
      finding.reproduce =
          context_.pods.reproduce(*one, claims.front()->question.expected.path, Door::kFront);
      break;
    }
  outcome_.findings.push_back(std::move(finding));
}

void Run::addNotes() {
  if (rules_.gap) outcome_.gaps.push_back(*rules_.gap);
  for (const std::string* note : {&rules_.note, &offers_.note})
    if (!note->empty()) outcome_.notes.push_back(*note);
  const std::size_t left = expected_.live + expected_.expressions + expected_.shadowed;
  if (left > 0)
    outcome_.notes.push_back(fmt::format(
        "{} redirects are not asked for: {} are expressions without a safe example, {} may be "
        "answered by another rule, {} are the address of something public",
        left, expected_.expressions, expected_.shadowed, expected_.live));
  if (expected_.beyond > 0)
    outcome_.notes.push_back(fmt::format("{} more redirects are not looked at", expected_.beyond));
}

class RedirectsCheck final : public Check {
 public:
  explicit RedirectsCheck(const Params& params)
      : sample_(params.count("sample")), sampleOnce_(params.count("sample_once")) {}
  Result<Outcome> run(const CheckContext& context) override {
    return Run(kept_, context.trigger == Trigger::kOnce ? sampleOnce_ : sample_, context).run();
  }

 private:
  const std::size_t sample_, sampleOnce_;
  Kept kept_;
};

}  // namespace
}  // namespace redirects

const CheckSpec& redirectsSpec() {
  using namespace std::chrono_literals;
  static const CheckSpec spec{
      .name = "redirects",
      .summary = "every pod follows the site's redirects and knows its offers' links",
      .needs = {Need::kPods},
      .interval = 60s,
      .timeout = 30s,
      .onChange = false,
      .findings = redirects::findings(),
      .params = redirects::kParams,
      .make = [](const Params& params) -> std::unique_ptr<Check> {
        return std::make_unique<redirects::RedirectsCheck>(params);
      },
  };
  return spec;
}

}  // namespace rollcall::checks
