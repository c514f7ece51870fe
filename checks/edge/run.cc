#include "checks/edge/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "checks/edge/codes.h"
#include "daemon/content/known_routes.h"
#include "daemon/core/shell_word.h"
#include "daemon/net/pod_client.h"
#include "daemon/roll/locate.h"

namespace rollcall::checks::edge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPageBytes = 8u << 20;
constexpr std::size_t kSitemapBytes = 64u << 20;
constexpr Duration kEdgeTimeout = 5s;
constexpr std::size_t kMaxUnseen = 2;  // in a row, then the edge is left alone
constexpr std::size_t kMaxPurges = 5;  // a run
constexpr Duration kPurgeAgain = 1h;   // the same address
constexpr std::chrono::milliseconds kSitemapLife =
    1h;                               // Ghost lets a sitemap be kept for that long
constexpr Duration kSettledBy = 30s;  // when to come back to changes that were too young
constexpr std::size_t kMaxServed = 200;
constexpr std::size_t kMaxWrong = 20;
// As Firefox and Safari ask for a page. Ghost's redirects vary by it: a cache keeps one for each.
constexpr const char* kAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

// Neither a claim nor well.
bool isOpen(Verdict verdict) {
  return verdict == Verdict::kGap || verdict == Verdict::kUnripe || verdict == Verdict::kPodsWrong;
}

// Whether the row still says what the page was chosen for.
bool isAsRead(const Page& page, const std::map<std::string, EntryState>& states) {
  const auto found = states.find(page.resource.id);
  if (found == states.end()) return true;
  const EntryState& state = found->second;
  if (!state.exists) return page.status == "deleted";
  return state.isPublic == page.isPublic && state.slug == page.resource.slug;
}

}  // namespace

Run::Run(const Settings& settings, Memory& memory, const CheckContext& context)
    : settings_(settings), memory_(memory), context_(context), edge_(context.site) {
  read_ = context.clock.wall();
  readAt_ = context.clock.mono();
  if (!settings.url) return;
  edge_.url.scheme = settings.url->scheme;
  edge_.url.host = settings.url->host;
  edge_.url.port = settings.url->port;
}

WallTime Run::now() const {
  return read_ +
         std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock.mono() - readAt_);
}

std::optional<std::string> Run::notApplicable() {
  if (!settings_.url)
    return "where readers come to is not set: name it in checks.edge.url, such as " +
           context_.site.url.text() + "/";
  if (!context_.web) return "there is no client for the web";
  for (const Pod& pod : context_.topology.pods)
    if (pod.mayBeBlamed()) pods_.push_back(&pod), podNames_.push_back(pod.name);
  if (pods_.empty()) return "no pod takes readers";
  return std::nullopt;
}

// What is to be asked for, by the database.
Result<void> Run::choose() {
  std::vector<Page> pages = fixedPages();
  if (context_.content) {
    const auto loaded = context_.content->load(context_.deadline, context_.stop);
    if (!loaded) return loaded.error();
    const Content* const content = loaded->get();
    read_ = content->now;
    readAt_ = context_.clock.mono();
    isPrivate_ = content->settings.isPrivate;
    auto known = readKnownRoutes(context_);
    if (!known) return known.error();
    if (known->gap) outcome_.gaps.push_back(*known->gap);
    roll::PathTable table;
    const auto places = roll::locate(content->entries, known->routes, known->trust, {}, table);
    const std::vector<std::string> paths = roll::pathsOf(places, table);
    pages =
        choosePages(*content, paths, context_.site, settings_.wish, memory_.served, memory_.wrong);
    sought_ = soughtPaths(*content, paths, settings_.allowedAge);
  } else {
    outcome_.notes.push_back(
        "without the database only the front page, feed and sitemap are asked");
  }
  for (Page& page : pages) looks_.push_back({.page = std::move(page), .pods = {}, .tries = {}});
  return {};
}

bool Run::mayAskMore() const {
  return !closed_ && left_ > 0 && context_.deadline.left(context_.clock) > settings_.rest + 500ms &&
         !context_.stop.stop_requested();
}

// Requests to the edge keep their distance: one batch for the whole run.
Result<HttpResponse> Run::askWeb(HttpRequest request) {
  if (left_ > 0) --left_;
  request.queue = "edge";
  request.paced = true;
  request.timeout = std::min(kEdgeTimeout, context_.deadline.left(context_.clock));
  Result<HttpResponse> answered = Error{ErrorCode::kInternal, "the edge was not asked"};
  web_->add(std::move(request), [&](Result<HttpResponse> result) { answered = std::move(result); });
  web_->drive(context_.deadline, context_.stop);
  return answered;
}

void Run::lookAtCertificate() {
  if (!edge_.url.https()) return;
  HttpRequest request;
  request.url = edge_.urlOf("/");
  request.certificateOnly = true;
  const auto answer = askWeb(std::move(request));
  if (!answer) {
    outcome_.gaps.push_back({"", "the edge's certificate", answer.error()});
    closed_ = answer.error().code != ErrorCode::kProtocol;
    return;
  }
  const auto certificate = parseCertificate(answer->certificate);
  if (!certificate) {
    outcome_.gaps.push_back({"", "the edge's certificate", certificate.error()});
    return;
  }
  const WallTime wall = context_.clock.wall();
  const Trust trust =
      judgeCertificate(*certificate, isCertificateFor(answer->certificate, edge_.url.host), wall,
                       settings_.certificateWarning);
  if (trust == Trust::kGood) return;
  outcome_.findings.push_back(findingOf(trust, *certificate, edge_.url, wall));
  if (trust == Trust::kExpiring) return;
  closed_ = true;
  outcome_.gaps.push_back({"",
                           "pages through the edge",
                           {ErrorCode::kProtocol, "its certificate is not for readers to trust"}});
}

// Only where both schemes have their usual ports. Ghost is asked the same as for the front page.
void Run::lookAtPlainHttp() {
  if (!edge_.url.https() || edge_.url.port != 443 || closed_) return;
  if (!looks_.front().asking || !mayAskMore()) {
    outcome_.gaps.push_back({"",
                             "whether http leads to https",
                             {ErrorCode::kUnavailable, "the front page cannot be asked for now"}});
    return;
  }
  HttpRequest request;
  request.url = "http" + edge_.urlOf("/").substr(std::string_view("https").size());
  request.maxBytes = kPageBytes;
  request.keepBytes = 64u << 10;
  const std::string url = request.url;
  const auto answer = askWeb(std::move(request));
  // A closed port 80 is no harm: browsers of today try https.
  if (judgePlainHttp(answer) != PlainHttp::kShows) return;
  Finding finding;
  finding.def = &findings()[kNoHttpsCode];
  finding.message = fmt::format("{} answers {} instead of leading to https", url, answer->status);
  finding.evidence = marksOf(*answer);
  finding.evidence["status"] = std::to_string(answer->status);
  finding.reproduce = "curl -sSI " + shellWord(url);
  finding.remedy = finding.def->remedy;
  outcome_.findings.push_back(std::move(finding));
}

void Run::askPods(const std::vector<Look*>& looks) {
  const auto batch = context_.pods.batch(context_.budget);
  for (Look* look : looks) {
    look->pods.assign(pods_.size(), {});
    const bool rendered = look->page.kind != Kind::kSitemap;
    for (std::size_t i = 0; i < pods_.size(); ++i) {
      PodRequest request{.path = look->page.path,
                         .reason = look->tries.empty() ? Reason::kNewest : Reason::kSuspect,
                         .paced = rendered,
                         .maxBytes = rendered ? kPageBytes : kSitemapBytes,
                         .onBody = {}};
      // Sitemaps are large, and all pods send theirs at once.
      std::shared_ptr<NewestOfSitemap> newest;
      if (!rendered) {
        newest = std::make_shared<NewestOfSitemap>();
        request.onBody = [newest](std::string_view piece) { return newest->feed(piece), true; };
      }
      batch->get(*pods_[i], std::move(request),
                 [this, look, i, newest](const Result<HttpResponse>& answer) {
                   Sight& pod = look->pods[i];
                   pod = sightOf(look->page, context_.site, edge_.url.authority(), sought_, answer,
                                 false);
                   if (newest && pod.shown == Shown::kServed) pod.stamp = newest->finish();
                 });
    }
  }
  batch->drive(context_.deadline, context_.stop);
}

Limits Run::limitsFor(const Page& page) const {
  const auto age = page.kind == Kind::kSitemap ? std::max(settings_.allowedAge, kSitemapLife)
                                               : settings_.allowedAge;
  return {.settle = std::chrono::duration_cast<std::chrono::milliseconds>(context_.settle),
          .allowedAge = age};
}

// Our own question must not be the one whose wrong answer is kept.
void Run::leaveOut() {
  std::vector<std::string> harmful, settling;
  std::size_t unseen = 0;
  std::string why;
  for (Look& look : looks_) {
    const Leave leave = mayAsk(look.page, look.pods, now(), limitsFor(look.page));
    look.asking = leave == Leave::kAsk;
    if (leave == Leave::kPodWouldPoison)
      harmful.push_back(look.page.isPublic ? look.page.path : "a draft's");
    if (leave == Leave::kSettling) settling.push_back(look.page.path);
    if (leave != Leave::kPodUnseen) continue;
    ++unseen;
    for (const Sight& pod : look.pods)
      if (pod.shown == Shown::kUnseen && why.empty()) why = pod.why;
  }
  if (!harmful.empty())
    outcome_.notes.push_back(
        fmt::format("not asked at the edge, which could keep what a pod answers for it now: {}",
                    fmt::join(harmful, ", ")));
  if (!settling.empty()) {
    outcome_.notes.push_back(
        fmt::format("{} changes are too young to be judged at the edge", settling.size()));
    outcome_.again = std::max<Duration>(context_.settle, kSettledBy);
  }
  if (unseen > 0)
    outcome_.gaps.push_back(
        {"",
         fmt::format("{} pages at the edge", unseen),
         {ErrorCode::kUnavailable, "a pod could not be asked for them: " + why}});
}

void Run::askEdge(Look& look) {
  HttpRequest request;
  request.url = urlOf(look.page);
  request.headers.emplace_back("Accept", kAccept);
  request.caFile = settings_.caFile;
  request.maxBytes = look.page.kind == Kind::kSitemap ? kSitemapBytes : kPageBytes;
  const auto answer = askWeb(std::move(request));
  Sight sight = sightOf(look.page, context_.site, edge_.url.authority(), sought_, answer, true);
  unseen_ = sight.shown == Shown::kUnseen ? unseen_ + 1 : 0;
  // Who limits us is not asked further.
  closed_ = closed_ || sight.status == 429 || unseen_ >= kMaxUnseen;
  // The first answer may be the one that fills the cache.
  if (answer && sight.shown == Shown::kServed && look.page.isPublic && !look.tries.empty())
    reportUpkeep(look.page, *answer);
  look.tries.push_back(std::move(sight));
}

Verdict Run::verdictOf(const Look& look) const {
  return judge(look.page, look.pods, look.tries, now(), limitsFor(look.page));
}

bool Run::mayAskAgain(const Look& look) const {
  return mayAskMore() && mayAsk(look.page, look.pods, now(), limitsFor(look.page)) == Leave::kAsk;
}

// Nothing is claimed of what was seen once: what is suspicious has its second request kept back.
void Run::lookFirst() {
  std::size_t suspicious = 0;
  for (Look& look : looks_) {
    if (!look.asking || !mayAskMore() || left_ <= suspicious + 1) continue;
    askEdge(look);
    if (look.tries.back().shown != Shown::kUnseen && verdictOf(look) != Verdict::kFine)
      ++suspicious;
  }
}

// Everything suspicious is asked a second time, on the pods first; then the rest as far as the
// requests last, in the order of the pages; then what became right.
void Run::lookAgain() {
  std::vector<Look*> suspicious, rest;
  for (Look& look : looks_) {
    if (look.tries.empty() || look.tries.back().shown == Shown::kUnseen) continue;
    const bool fine = verdictOf(look) == Verdict::kFine;
    (fine ? rest : suspicious).push_back(&look);
  }
  if (!suspicious.empty()) askPods(suspicious);
  for (Look* look : suspicious)
    if (mayAskAgain(*look)) askEdge(*look);
  for (Look* look : rest)
    if (mayAskAgain(*look)) askEdge(*look);
  for (Look* look : suspicious)
    while (verdictOf(*look) == Verdict::kMended && mayAskAgain(*look)) askEdge(*look);
  // An answer that differs from the first makes it a suspect too.
  std::vector<Look*> split;
  for (Look* look : rest)
    if (verdictOf(*look) != Verdict::kFine) split.push_back(look);
  if (!split.empty()) askPods(split);
  confirmRows();
}

// Of what a row says that changed while we looked, or may have, nothing is claimed before the next
// run.
void Run::confirmRows() {
  if (!context_.content) return;
  std::map<ResourceType, std::vector<std::string>> ids;
  for (const Look& look : looks_) {
    if (look.page.resource.id.empty() || verdictOf(look) == Verdict::kFine) continue;
    ids[look.page.resource.type == "page" ? ResourceType::kPage : ResourceType::kPost].push_back(
        look.page.resource.id);
  }
  for (const auto& [type, some] : ids) {
    const auto states = context_.content->states(type, some, context_.deadline, context_.stop);
    if (!states)
      outcome_.gaps.push_back({"",
                               fmt::format("whether {} {} changed while {} looked at", some.size(),
                                           some.size() == 1 ? "post or page" : "posts or pages",
                                           some.size() == 1 ? "it was" : "they were"),
                               states.error()});
    for (Look& look : looks_) {
      if (look.page.resource.type != name(type)) continue;
      if (std::ranges::find(some, look.page.resource.id) == some.end()) continue;
      if (states && isAsRead(look.page, *states)) continue;
      look.tries.clear();
      look.asking = false;
      if (states) outcome_.notes.push_back("a post or page changed while it was looked at");
    }
  }
}

void Run::claim(const Look& look, Verdict verdict) {
  Finding finding = findingOf(verdict, Scene{.page = look.page,
                                             .podNames = podNames_,
                                             .pods = look.pods,
                                             .tries = look.tries,
                                             .url = urlOf(look.page)});
  if (verdict == Verdict::kPoisoned) purge(look, finding);
  // Front page, feed and sitemap are no resources: one finding for what they share.
  const auto same = std::ranges::find_if(outcome_.findings, [&](const Finding& one) {
    return !finding.resource && !one.resource && one.def == finding.def;
  });
  if (same == outcome_.findings.end()) {
    outcome_.findings.push_back(std::move(finding));
  } else {
    same->message += fmt::format("; so is {}", look.page.path);
    same->remedy += "; " + finding.remedy;
  }
}

void Run::conclude() {
  std::size_t podsWrong = 0;
  for (const Look& look : looks_) {
    if (look.tries.empty()) continue;
    const Verdict verdict = verdictOf(look);
    switch (verdict) {
      case Verdict::kPoisoned:
      case Verdict::kStale:
      case Verdict::kZombie:
      case Verdict::kSplit:
        claim(look, verdict);
        break;
      case Verdict::kPodsWrong:
        ++podsWrong;
        break;
      case Verdict::kUnripe:
      case Verdict::kMended:
      case Verdict::kFine:
      case Verdict::kGap:
        break;
    }
  }
  if (podsWrong > 0)
    outcome_.notes.push_back(fmt::format(
        "{} pages are wrong at the edge and on pods: the checks of the pods tell", podsWrong));
}

// Only what was proven twice; not often; and told in every case.
void Run::purge(const Look& look, Finding& finding) {
  if (settings_.purge.mode == PurgeMode::kOff) return;
  const std::string url = urlOf(look.page);
  const Cdn cdn = cacheOf(settings_.purge, look.tries.back().cdn);
  auto request = purgeRequest(cdn, settings_.purge, context_.purgeToken, edge_.url, url);
  if (!request) {
    finding.evidence["purge"] = "not done: " + request.error().message;
    return;
  }
  const std::string what = describe(*request);
  if (settings_.purge.mode == PurgeMode::kDry) {
    finding.evidence["purge"] = "would do: " + what;
    return;
  }
  const auto before = memory_.purged.find(url);
  const MonoTime mono = context_.clock.mono();
  if (before != memory_.purged.end() && mono - before->second < kPurgeAgain) {
    finding.evidence["purge"] = "not done: it was tried less than an hour ago";
    return;
  }
  if (context_.deadline.left(context_.clock) <= settings_.rest || context_.stop.stop_requested()) {
    finding.evidence["purge"] = "not done: there was no time left";
    return;
  }
  if (purges_ == kMaxPurges) {
    finding.evidence["purge"] = "not done: enough for one run";
    return;
  }
  ++purges_;
  memory_.purged[url] = mono;
  if (request->url == url) request->caFile = settings_.caFile;
  const auto failure = purgeFailure(cdn, askWeb(std::move(*request)));
  finding.evidence["purge"] =
      failure ? fmt::format("failed: {}: {}", what, *failure) : "done: " + what;
  outcome_.notes.push_back(fmt::format("purge {} (the edge answered {} twice, all pods serve it)",
                                       finding.evidence["purge"], look.tries.back().status));
}

void Run::reportUnseen() {
  for (const Look& look : looks_)
    for (std::size_t i = 0; i < look.pods.size(); ++i)
      if (look.pods[i].status != 0) outcome_.tally.pods[podNames_[i]].reachable = true;
  std::size_t unseen = 0, unasked = 0;
  std::string why;
  for (const Look& look : looks_) {
    if (!look.asking) continue;
    if (look.tries.empty()) {
      ++unasked;
      continue;
    }
    for (const Sight& one : look.tries) {
      if (one.shown != Shown::kUnseen) continue;
      ++unseen;
      if (why.empty()) why = one.why;
      break;
    }
  }
  if (unseen > 0)
    outcome_.gaps.push_back({"",
                             fmt::format("{} pages at the edge", unseen + unasked),
                             {ErrorCode::kUnavailable, why}});
  else if (unasked > 0 && !closed_)
    outcome_.notes.push_back(fmt::format(
        "{} pages were not asked at the edge: checks.edge.requests or the time was used up",
        unasked));
}

// Looked at, and neither well nor to be called wrong: the second look is missing.
bool Run::isUndecided(const Look& look) const {
  if (look.tries.empty() ||
      std::ranges::any_of(look.tries, [](const Sight& one) { return one.shown == Shown::kUnseen; }))
    return false;
  if (look.tries.size() > 1) return verdictOf(look) == Verdict::kGap;
  const std::vector<Sight> twice(2, look.tries.front());
  const Verdict would = judge(look.page, look.pods, twice, now(), limitsFor(look.page));
  return isClaim(would) || would == Verdict::kGap;
}

// What a finding stood for is not over because it was not asked for.
void Run::reportUndecided() {
  std::size_t once = 0, again = 0;
  for (const Look& look : looks_) {
    if (isUndecided(look)) {
      ++once;
    } else if (memory_.wrong.contains(keyOf(look.page))) {
      again += isOpen(verdictOf(look));
    }
  }
  const auto add = [&](std::size_t count, const char* which, const char* why) {
    if (count > 0)
      outcome_.gaps.push_back({"",
                               fmt::format("{} pages that {} at the edge", count, which),
                               {ErrorCode::kUnavailable, why}});
  };
  add(once, "differ", "they could not be looked at a second time");
  add(again, "were wrong",
      "they could not be asked for again, changed lately, or are wrong on a pod, too");
}

// Told of the first page that shows it: one finding a run is enough.
void Run::reportUpkeep(const Page& page, const HttpResponse& answer) {
  if (upkeepTold_ || page.kind == Kind::kFeed || page.kind == Kind::kSitemap) return;
  const Upkeep upkeep = judgeUpkeep(answer);
  const auto add = [&](Code code, const std::string& what) {
    if (what.empty()) return;
    Finding finding;
    finding.def = &findings()[code];
    finding.message = fmt::format("{} at the edge: {}", page.path, what);
    finding.evidence = marksOf(answer);
    finding.reproduce = "curl -sS --compressed -D - -o /dev/null " + shellWord(urlOf(page));
    finding.remedy = finding.def->remedy;
    outcome_.findings.push_back(std::move(finding));
    upkeepTold_ = true;
  };
  add(kNotKeptCode, upkeep.notKept);
  add(kNotPackedCode, upkeep.notPacked);
  add(kCookieCode, upkeep.cookie);
}

// What the edge served: should it be deleted, the next run knows its address.
void Run::remember() {
  Keys wrong;
  for (const Look& look : looks_) {
    const Verdict verdict = verdictOf(look);
    const std::string key = keyOf(look.page);
    if (wrong.size() < kMaxWrong &&
        (isClaim(verdict) || (isOpen(verdict) && memory_.wrong.contains(key))))
      wrong.insert(key);
    if (!look.page.resource.id.empty() && look.page.isPublic && !look.tries.empty() &&
        look.tries.back().shown == Shown::kServed)
      memory_.served.insert_or_assign(look.page.resource.id, Served{look.page, now()});
  }
  memory_.wrong = std::move(wrong);
  std::erase_if(memory_.served, [&](const auto& one) {
    return elapsed(one.second.seen, now()) > settings_.wish.lately &&
           !memory_.wrong.contains(one.first);
  });
  while (memory_.served.size() > kMaxServed)
    memory_.served.erase(std::ranges::min_element(memory_.served, {},
                                                  [](const auto& one) { return one.second.seen; }));
  std::erase_if(memory_.purged,
                [&](const auto& one) { return context_.clock.mono() - one.second > kPurgeAgain; });
}

Result<Outcome> Run::run() {
  if (auto why = notApplicable()) {
    outcome_.notApplicable = std::move(*why);
    return std::move(outcome_);
  }
  if (auto chosen = choose(); !chosen) return chosen.error();
  if (isPrivate_) {
    Outcome none;
    none.notApplicable = "the site is private: nothing of it may be kept by a CDN";
    return none;
  }
  left_ = settings_.requests;
  web_ = context_.web->batch(
      {.parallel = 1, .perSecond = 1 / std::chrono::duration<double>(settings_.rest).count()});
  lookAtCertificate();
  std::vector<Look*> all;
  for (Look& look : looks_) all.push_back(&look);
  askPods(all);
  leaveOut();
  lookAtPlainHttp();
  lookFirst();
  lookAgain();
  conclude();
  reportUnseen();
  reportUndecided();
  remember();
  return std::move(outcome_);
}

}  // namespace rollcall::checks::edge
