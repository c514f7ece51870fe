// The state file: what is kept is read again as it was, and a file in which bytes have changed is
// refused or read within bounds.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "daemon/core/cut_text.h"
#include "daemon/state/history.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

namespace rollcall {
namespace {

constexpr const char* kSite = "https://example.org";
constexpr WallTime kNow{std::chrono::hours(495'000)};
const FindingDef kMissing{"RC201", Severity::kCritical, "missing", "", ""};

WallTime earlier(unsigned hours) {
  return kNow - std::chrono::hours(hours);
}

// Every text of the input, in turn, in every place a text can be.
PastWatch watchOf(fuzz::Input input) {
  PastWatch watch;
  while (!input.rest().empty() && watch.events.size() < 20) {
    const std::string text(input.until('\n'));
    const unsigned hours = input.below(200);
    const std::string resource = "post:" + std::to_string(watch.findings.size());
    watch.findings.push_back({.check = "posts",
                              .code = text,
                              .pod = text,
                              .resource = resource,
                              .since = earlier(hours),
                              .seen = kNow});
    watch.events.push_back({earlier(hours), "bad", text});
    watch.failures.push_back({text, text, text, hours, earlier(hours), {}});
    if (hours % 2 == 0) watch.failures.back().ended = kNow;
  }
  return watch;
}

Report reportOf(std::string_view text) {
  Finding finding;
  finding.def = &kMissing;
  finding.pod = "a";
  finding.resource = ResourceRef{"post", std::string(text), "", ""};
  finding.message = text;
  CheckRun run;
  run.check = "posts";
  run.started = kNow;
  run.outcome.findings.push_back(std::move(finding));
  Topology topology;
  topology.pods.push_back(Pod{.name = "a"});
  Report report = makeReport({}, topology, {std::move(run)});
  report.started = kNow;
  return report;
}

// Text ends at a NUL in no column: it is kept with its length.
void checkKept(const std::string& path, const fuzz::Input& input) {
  auto history = History::open(path, kSite);
  FUZZ_HOLDS(history.has_value());
  PastWatch watch = watchOf(input);
  FUZZ_HOLDS((*history)->keep(watch, {std::chrono::milliseconds(5)}).has_value());
  Result<PastWatch> kept = (*history)->watch();
  FUZZ_HOLDS(kept.has_value());
  std::ranges::sort(watch.findings);
  std::ranges::sort(kept->findings);
  for (PastEvent& event : watch.events) event.text = cutText(event.text, History::kMostText);
  FUZZ_HOLDS(kept->findings == watch.findings);
  FUZZ_HOLDS(kept->events == watch.events && kept->failures == watch.failures);
  Report report = reportOf(input.rest());
  FUZZ_HOLDS((*history)->take(report).has_value());
}

bool isWithinBounds(WallTime time) {
  return time >= WallTime{} && time <= WallTime(std::chrono::milliseconds(7'258'118'400'000));
}

void checkRead(const PastWatch& watch) {
  for (const PastFinding& one : watch.findings)
    FUZZ_HOLDS(isWithinBounds(one.since) && isWithinBounds(one.seen));
  for (const PastEvent& one : watch.events)
    FUZZ_HOLDS(isWithinBounds(one.at) && one.text.size() <= History::kMostText);
  for (const PastFailure& one : watch.failures) FUZZ_HOLDS(isWithinBounds(one.began));
}

void checkDamaged(const std::string& path) {
  auto history = History::open(path, kSite);
  if (!history) return FUZZ_HOLDS(!history.error().message.empty());
  const Result<PastWatch> watch = (*history)->watch();
  if (watch) checkRead(*watch);
  Report report = reportOf("x");
  if (const Result<Chronicle> chronicle = (*history)->take(report)) {
    FUZZ_HOLDS(chronicle->runs.size() <= History::kMostRuns);
    for (const PastRun& run : chronicle->runs) FUZZ_HOLDS(isWithinBounds(run.started));
  }
  (void)(*history)->keep({}, {});
}

// A file with something in each of its tables.
std::string wholeFile(const fuzz::Scratch& folder) {
  const std::string path = folder.path("whole.db");
  {
    auto history = History::open(path, kSite);
    const std::string_view text = "a\n1b\n2c\n3";
    (void)(*history)->keep(
        watchOf({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}),
        {std::chrono::milliseconds(5)});
    for (const char* id : {"1", "2"}) {
      Report report = reportOf(id);
      (void)(*history)->take(report);
    }
  }
  std::ifstream file(path, std::ios::binary);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// The input is a list of changes: two bytes of where, one of how many, the bytes.
std::string damaged(std::string file, std::string_view changes) {
  while (changes.size() > 3 && !file.empty()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(changes[i]); };
    const std::size_t where = (byte(0) << 8 | byte(1)) % file.size();
    const std::size_t count =
        std::min<std::size_t>({byte(2), changes.size() - 3, file.size() - where});
    file.replace(where, count, changes.substr(3, count));
    changes.remove_prefix(3 + count);
  }
  return file;
}

void check(fuzz::Input input) {
  static const fuzz::Scratch folder;
  static const std::string whole = wholeFile(folder);
  const std::string path = folder.path("state.db");
  for (const char* beside : {"", "-journal", "-wal", "-shm"}) ::unlink((path + beside).c_str());
  switch (input.below(3)) {
    case 0:
      return checkKept(path, input);
    case 1:
      folder.write("state.db", damaged(whole, input.rest()));
      return checkDamaged(path);
    case 2:
      folder.write("state.db", input.rest());
      return checkDamaged(path);
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::check({data, size});
  return 0;
}
