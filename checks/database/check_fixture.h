// A healthy database and three pods for the tests of the check, and what they make fail.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "daemon/core/registry.h"
#include "tests/support/fake_content_source.h"
#include "tests/support/fake_pod_client.h"
#include "tests/support/outcome.h"
#include "tests/support/patient_clock.h"

namespace rollcall::checks {

const CheckSpec& databaseSpec();

namespace database {

using namespace std::chrono_literals;
using testing_support::FakeContentSource;
using testing_support::FakePodClient;
using testing_support::PatientClock;

inline constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};  // 2027-01-15 08:00:00
inline constexpr const char* kBeat = "SELECT UTC_TIMESTAMP(6)";
inline constexpr const char* kVariables = "SHOW GLOBAL VARIABLES";
inline constexpr const char* kStatus = "SHOW GLOBAL STATUS";
inline constexpr const char* kLock = "FROM migrations_lock";
inline constexpr const char* kSchema = "FROM migrations ORDER";
inline constexpr const char* kTables = "information_schema.COLUMNS";
inline constexpr const char* kNewest = "AS newest";

// Takes its time for every question.
class SlowSource final : public ContentSource {
 public:
  SlowSource(FakeContentSource& inner, PatientClock& clock) : inner_(inner), clock_(clock) {}
  Result<SharedContent> load(Deadline d, std::stop_token s) override { return inner_.load(d, s); }
  Result<ChangeMark> mark(Deadline d, std::stop_token s) override { return inner_.mark(d, s); }
  Result<std::map<std::string, EntryState>> states(ResourceType t,
                                                   const std::vector<std::string>& ids, Deadline d,
                                                   std::stop_token s) override {
    return inner_.states(t, ids, d, s);
  }
  Result<std::optional<std::string>> contentApiKey(Deadline d, std::stop_token s) override {
    return inner_.contentApiKey(d, s);
  }
  Result<std::vector<Row>> rows(const std::string& sql, Deadline d, std::stop_token s) override {
    clock_.advance(takes);
    if (before) before(sql);
    return inner_.rows(sql, d, s);
  }
  Duration takes{};
  std::function<void(const std::string&)> before;

 private:
  FakeContentSource& inner_;
  PatientClock& clock_;
};

// A healthy MariaDB and three pods of Ghost 6.65.
class DatabaseCheckTest : public testing::Test {
 protected:
  DatabaseCheckTest() : check_(databaseSpec().make(Params(databaseSpec().params))) {
    for (const char* name : {"a", "b", "c"}) {
      topology_.pods.push_back({.name = name});
      version(name, "6.65");
    }
    site_.url = site_.admin = *parseUrl("https://e.org");
    source_.reply(kBeat, {Row{"2027-01-15 08:00:00.000000"}});
    variables({{"read_only", "OFF"}});
    connected("7");
    source_.reply(kLock, {});
    source_.reply(kSchema, {Row{"6.65"}});
    tables({});
    newest(source_, "2027-01-15 07:00:00", 3600);
    newest(reader_, "2027-01-15 07:00:00", 3600);
  }

  void version(const std::string& pod, const std::string& text) {
    pods_.answer(
        pod, "/ghost/api/admin/site/", 200,
        fmt::format(R"({{"site":{{"title":"t","url":"https://e.org/","version":"{}"}}}})", text));
  }
  void variables(std::vector<Row> rows) {
    rows.push_back({"max_connections", "100"});
    source_.reply(kVariables, rows);
  }
  void connected(const std::string& count) {
    source_.reply(kStatus, {Row{"Threads_connected", count}});
  }
  // Thirty that are alike, and `others`.
  void tables(std::vector<Row> others) {
    for (int i = 0; i < 30; ++i)
      others.push_back({fmt::format("t{}", i), "utf8mb4_0900_ai_ci", "4"});
    source_.reply(kTables, others);
  }
  std::ptrdiff_t looksAtTables() const {
    return std::ranges::count_if(source_.asked, [](const std::string& sql) {
      return sql.find(kTables) != std::string::npos;
    });
  }
  static void newest(FakeContentSource& source, const std::string& change, int age) {
    source.reply(kNewest, {Row{change, std::to_string(age)}});
  }
  void fail(ErrorCode code) { source_.error = Error{code, "as the test asked"}; }
  Result<Outcome> tryRun(Trigger trigger = Trigger::kOnce, Duration patience = 20s) {
    const CheckContext context{.topology = topology_,
                               .site = site_,
                               .clock = clock_,
                               .pods = pods_,
                               .content = &slow_,
                               .reader = withReader_ ? &reader_ : nullptr,
                               .trigger = trigger,
                               .deadline = Deadline::after(clock_, patience),
                               .stop = stop_.get_token()};
    return check_->run(context);
  }
  Outcome run(Trigger trigger = Trigger::kOnce) {
    return testing_support::expectOutcome(tryRun(trigger));
  }
  static std::vector<std::string> claims(const Outcome& outcome) {
    std::vector<std::string> lines;
    for (const Finding& finding : outcome.findings)
      lines.push_back(std::string(finding.def->code) +
                      (finding.pod.empty() ? "" : " " + finding.pod));
    return lines;
  }

  Topology topology_;
  Site site_;
  PatientClock clock_{kNow};
  FakePodClient pods_;
  FakeContentSource source_;
  FakeContentSource reader_;
  SlowSource slow_{source_, clock_};
  bool withReader_ = false;
  std::stop_source stop_;
  std::unique_ptr<Check> check_;
};

}  // namespace database
}  // namespace rollcall::checks
