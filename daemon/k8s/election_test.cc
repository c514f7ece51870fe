#include "daemon/k8s/election.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using Ask = Election::Ask;

// One Lease, with versions and conflicts as the API has them.
class FakeLeases {
 public:
  ApiResult<std::string> take(const Election::Request& request) {
    switch (request.ask) {
      case Ask::kRead:
        return document_ ? ApiResult<std::string>(document_->dump()) : refused(404);
      case Ask::kCreate:
        return document_ ? refused(409) : stored(json::parse(request.body));
      case Ask::kUpdate: {
        if (!document_) return refused(404);
        json wanted = json::parse(request.body);
        const bool same = wanted["metadata"]["resourceVersion"] == version();
        return same ? stored(std::move(wanted)) : refused(409);
      }
    }
    std::abort();
  }
  void remove() { document_.reset(); }
  // One that was released.
  void offer() {
    (void)stored(json::parse(R"({"kind": "Lease", "metadata": {"name": "rollcall"},
                                 "spec": {"holderIdentity": ""}})"));
  }
  // As a person or a controller does.
  void annotate() {
    ++version_;
    (*document_)["metadata"]["resourceVersion"] = std::to_string(version_);
  }
  std::string holder() const {
    return document_ ? (*document_)["spec"]["holderIdentity"].get<std::string>() : "";
  }

  static ApiResult<std::string> refused(int status) {
    return tl::unexpected(refusal(status, "get", leasesCollection("blog"), "", ""));
  }

 private:
  json version() const { return (*document_)["metadata"]["resourceVersion"]; }
  ApiResult<std::string> stored(json document) {
    document_ = std::move(document);
    annotate();
    return document_->dump();
  }

  std::optional<json> document_;
  int version_ = 100;
};

const ApiResult<std::string> kNoAnswer =
    tl::unexpected(ApiError{{ErrorCode::kDeadlineExceeded, "the API does not answer"}});

class ElectionTest : public testing::Test {
 protected:
  ElectionTest() { leases.offer(); }
  Election replica(const std::string& name) const {
    return Election("rollcall", name, [] { return 0.5; });
  }
  // One request and its answer, at once.
  Ask turn(Election& election) {
    const Election::Request request = election.next(WallTime{});
    election.answered(request.ask, now, now, leases.take(request));
    return request.ask;
  }
  // Until it is not due any more.
  void turns(Election& election) {
    while (election.nextAt() <= now) turn(election);
  }
  void cutOff(Election& election) {
    while (election.nextAt() <= now)
      election.answered(election.next(WallTime{}).ask, now, now, kNoAnswer);
  }
  // All of them, for so long.
  void pass(Duration time, const std::vector<Election*>& all) {
    for (const MonoTime end = now + time; now < end; now += 100ms)
      for (Election* one : all) turns(*one);
  }
  static std::string told(Election& election, MonoTime at) {
    std::string text;
    for (const News& one : election.takeNews(at))
      text += (one.warning ? "! " : "") + one.message +
              (one.detail.empty() ? "" : ": " + one.detail) + "\n";
    return text;
  }

  FakeLeases leases;
  MonoTime now{1h};
};

TEST_F(ElectionTest, aLeaseThatIsNotThereIsMadeAndLeadsAfterFifteenSeconds) {
  leases.remove();
  Election a = replica("a");
  EXPECT_EQ(turn(a), Ask::kRead);
  EXPECT_LE(a.nextAt(), now);
  EXPECT_EQ(turn(a), Ask::kCreate);
  const MonoTime made = now;
  Election b = replica("b");
  while (!a.leads(now)) pass(100ms, {&a, &b});
  EXPECT_GE(now - made, 15s);
  EXPECT_LT(now - made, 17s);
  EXPECT_FALSE(b.leads(now));
}

TEST_F(ElectionTest, whoMadeTheLeaseWithoutHearingOfItWaitsToo) {
  leases.remove();
  Election a = replica("a");
  turn(a);
  (void)leases.take(a.next(WallTime{}));
  a.answered(Ask::kCreate, now, now, kNoAnswer);
  pass(14s, {&a});
  EXPECT_EQ(leases.holder(), "a");
  EXPECT_FALSE(a.leads(now));
  pass(6s, {&a});
  EXPECT_TRUE(a.leads(now));
}

TEST_F(ElectionTest, whoMadeTheLeaseAndDoesNotLeadYetHandsNothingOver) {
  leases.remove();
  Election a = replica("a");
  turns(a);
  EXPECT_EQ(leases.holder(), "a");
  EXPECT_FALSE(a.release(WallTime{}));
}

TEST_F(ElectionTest, whoNeverSawTheLeaseDoesNotLeadBesideItsHolderThatIsCutOff) {
  Election a = replica("a");
  turns(a);
  leases.remove();
  Election b = replica("b");
  for (int i = 0; i < 150; ++i, now += 100ms) {
    cutOff(a);
    turns(b);
    ASSERT_FALSE(a.leads(now) && b.leads(now)) << i;
  }
}

TEST_F(ElectionTest, whatIsNotFoundIsNotAlwaysTheLease) {
  Election a = replica("a");
  a.answered(Ask::kRead, now, now,
             tl::unexpected(ApiError{{ErrorCode::kNotFound, "no such host"}}));
  EXPECT_EQ(a.next(WallTime{}).ask, Ask::kRead);
  EXPECT_GT(a.nextAt(), now);
}

TEST_F(ElectionTest, theHolderRenewsEveryTwoSeconds) {
  Election a = replica("a");
  turns(a);
  EXPECT_TRUE(a.leads(now));
  EXPECT_EQ(told(a, now), "this replica leads\n");
  EXPECT_EQ(a.nextAt() - now, 1800ms);
  now = a.nextAt();
  EXPECT_EQ(turn(a), Ask::kUpdate);
}

TEST_F(ElectionTest, theHolderLeadsForTenSecondsFromWhenItsRenewalWasSent) {
  Election a = replica("a");
  turns(a);
  now += 2s;
  const Election::Request request = a.next(WallTime{});
  const MonoTime sent = now;
  now += 3s;
  a.answered(request.ask, sent, now, leases.take(request));
  EXPECT_TRUE(a.leads(sent + 10s - 1ns));
  EXPECT_FALSE(a.leads(sent + 10s));
}

TEST_F(ElectionTest, anotherWaitsWhileTheRecordChanges) {
  Election a = replica("a");
  turns(a);
  Election b = replica("b");
  for (int i = 0; i < 600; ++i) {
    pass(100ms, {&a, &b});
    ASSERT_TRUE(a.leads(now));
    ASSERT_FALSE(b.leads(now));
  }
  EXPECT_EQ(told(b, now), "another replica leads: a\n");
}

TEST_F(ElectionTest, anotherTakesOverWhatHasNotChangedForFifteenSeconds) {
  Election a = replica("a");
  turns(a);
  Election b = replica("b");
  turns(b);
  const MonoTime seen = now;
  while (!b.leads(now)) pass(100ms, {&b});
  EXPECT_GE(now - seen, 15s);
  EXPECT_LT(now - seen, 17s);
  EXPECT_EQ(leases.holder(), "b");
  turn(a);  // it was only asleep
  EXPECT_FALSE(a.leads(now));
}

TEST_F(ElectionTest, whatThePresentHolderSaysOfItsDurationHolds) {
  Election a("rollcall", "a", [] { return 0.5; }, {.lease = 60s, .renew = 40s, .retry = 2s});
  turns(a);
  Election b = replica("b");
  pass(55s, {&b});
  EXPECT_FALSE(b.leads(now));
  pass(10s, {&b});
  EXPECT_TRUE(b.leads(now));
}

TEST_F(ElectionTest, whatWasReleasedIsTakenAtTheNextLook) {
  Election a = replica("a");
  turns(a);
  Election b = replica("b");
  turns(b);
  const auto request = a.release(WallTime{});
  ASSERT_TRUE(request);
  a.answered(request->ask, now, now, leases.take(*request));
  EXPECT_FALSE(a.leads(now));
  EXPECT_FALSE(a.release(WallTime{}));
  pass(2s, {&b});
  EXPECT_TRUE(b.leads(now));
  EXPECT_FALSE(replica("c").release(WallTime{})) << "who holds nothing releases nothing";
}

TEST_F(ElectionTest, whoDoesNotKnowWhetherItsLastWriteWasTakenLooksBeforeItReleases) {
  Election a = replica("a");
  turns(a);
  now += 2s;
  const Election::Request renewal = a.next(WallTime{});
  (void)leases.take(renewal);
  a.answered(renewal.ask, now, now, kNoAnswer);
  auto request = a.release(WallTime{});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ask, Ask::kRead);
  a.answered(request->ask, now, now, leases.take(*request));
  request = a.release(WallTime{});
  ASSERT_TRUE(request);
  a.answered(request->ask, now, now, leases.take(*request));
  EXPECT_EQ(leases.holder(), "");
}

TEST_F(ElectionTest, ofTwoThatWriteOneSucceeds) {
  Election a = replica("a");
  Election b = replica("b");
  turn(a);
  turn(b);
  turn(a);
  turn(b);
  EXPECT_TRUE(a.leads(now));
  EXPECT_FALSE(b.leads(now));
  EXPECT_GT(b.nextAt(), now) << "a conflict is no reason for haste";
}

TEST_F(ElectionTest, aHolderWhoseVersionIsOldLooksAndRenews) {
  Election a = replica("a");
  turns(a);
  leases.annotate();
  pass(9s, {&a});
  now += 5s;
  EXPECT_TRUE(a.leads(now));
}

TEST_F(ElectionTest, whoIsCutOffStopsAfterTenSecondsAndLeadsAgainWhenNobodyElseDoes) {
  Election a = replica("a");
  turns(a);
  EXPECT_EQ(told(a, now), "this replica leads\n");
  for (int i = 0; i < 10; ++i, now += 1s) {
    cutOff(a);
    EXPECT_TRUE(a.leads(now));
    EXPECT_EQ(told(a, now), "");
  }
  EXPECT_FALSE(a.leads(now));
  EXPECT_THAT(told(a, now), HasSubstr("! this replica no longer leads: the Lease could not be "
                                      "renewed in time: the API does not answer\n"));
  pass(3s, {&a});
  EXPECT_TRUE(a.leads(now));
  EXPECT_THAT(told(a, now), HasSubstr("this replica leads\n"));
}

TEST_F(ElectionTest, aRemovedLeaseIsMadeAgainByItsHolderAndNotTakenByWhoKnewIt) {
  Election a = replica("a");
  turns(a);
  Election b = replica("b");
  turns(b);
  leases.remove();
  now += 1700ms;
  turns(b);
  EXPECT_FALSE(b.leads(now));
  pass(6s, {&b, &a});
  EXPECT_TRUE(a.leads(now));
  EXPECT_FALSE(b.leads(now));
}

TEST_F(ElectionTest, aRefusalIsToldOnceWithItsRuleAndRests) {
  Election a = replica("a");
  a.answered(Ask::kRead, now, now, FakeLeases::refused(403));
  EXPECT_GE(a.nextAt() - now, 60s);
  EXPECT_THAT(told(a, now),
              HasSubstr("! the Lease cannot be had, so this replica does not lead: Rollcall may "
                        "not get leases in the namespace blog: its service account lacks a Role "
                        "there with the rule {apiGroups: [\"coordination.k8s.io\"], resources: "
                        "[\"leases\"], verbs: [\"get\", \"create\", \"update\"]}"));
  a.answered(Ask::kRead, now, now, FakeLeases::refused(403));
  EXPECT_EQ(told(a, now), "");
  turn(a);
  EXPECT_THAT(told(a, now), HasSubstr("over: the Lease cannot be had"));
}

TEST_F(ElectionTest, anAnswerThatIsNoLeaseLeadsNobody) {
  Election a = replica("a");
  turn(a);
  a.answered(Ask::kCreate, now, now, std::string("{}"));
  EXPECT_FALSE(a.leads(now));
  EXPECT_GT(a.nextAt(), now);
}

// Replicas that are killed, started, cut off and slow, whose clocks go at different rates, on one
// API that answers late or never and whose Lease somebody removes now and then: at no moment two of
// them lead, and soon after the trouble ends one does.
class Schedule {
 public:
  explicit Schedule(unsigned seed, ElectionTimes times = {}) : random_(seed), times_(times) {
    for (int i = 0; i < 3; ++i) start(replicas_.emplace_back());
  }

  // Empty when nothing was amiss.
  std::string run() {
    for (now_ = 0ms; now_ < kTrouble + kCalm; now_ += kStep) {
      if (now_ < kTrouble)
        disturb();
      else
        calm();
      for (Replica& one : replicas_) turn(one);
      if (auto problem = judge(); !problem.empty()) return problem;
    }
    return "";
  }

 private:
  static constexpr Duration kStep = 100ms;
  static constexpr Duration kTrouble = 100s;
  static constexpr Duration kCalm = 60s;

  struct Flight {
    Election::Request request;
    MonoTime sent{};      // by the replica's clock
    Duration arrives{0};  // at the API; by the world's clock
    Duration returns{0};  // the answer; kLost = never
    std::optional<ApiResult<std::string>> answer;
  };
  struct Replica {
    std::unique_ptr<Election> election;  // null = not running
    Duration offset{0};
    double rate = 1;
    bool cutOff = false;
    std::optional<Flight> flight;
  };
  static constexpr Duration kTimeout = 4s;

  double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  Duration upTo(Duration most) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(most.count()) * chance()));
  }
  MonoTime clockOf(const Replica& one) const {
    return MonoTime(one.offset + Duration(static_cast<Duration::rep>(
                                     static_cast<double>(now_.count()) * one.rate)));
  }

  void start(Replica& one) {
    one = Replica{};
    one.offset = 1h + upTo(100h);
    one.rate = 0.9 + 0.2 * chance();
    one.election = std::make_unique<Election>(
        "rollcall", fmt::format("replica-{}", ++started_), [this] { return chance(); }, times_);
  }
  void disturb() {
    if (chance() < 0.004) leases_.remove();
    for (Replica& one : replicas_) {
      if (chance() > 0.008) continue;
      const double kind = chance();
      if (kind < 0.3)
        one = Replica{};  // kill -9: what it sent may still arrive
      else if (kind < 0.7)
        one.cutOff = !one.cutOff;
      else if (!one.election)
        start(one);
    }
  }
  void calm() {
    for (Replica& one : replicas_) {
      one.cutOff = false;
      if (!one.election) start(one);
    }
  }

  void turn(Replica& one) {
    if (!one.election) return;
    const MonoTime mine = clockOf(one);
    if (!one.flight) {
      if (mine < one.election->nextAt()) return;
      // No wall clock is believed: here they all stand.
      one.flight = Flight{one.election->next(WallTime{}), mine, now_ + delay(), 0ms, {}};
      return;
    }
    Flight& flight = *one.flight;
    if (!flight.answer && now_ >= flight.arrives && !one.cutOff) {
      flight.answer = leases_.take(flight.request);
      flight.returns = now_ + delay();
    }
    const bool back = flight.answer && now_ >= flight.returns && !one.cutOff;
    if (!back && mine - flight.sent < kTimeout) return;
    const Ask ask = flight.request.ask;
    const MonoTime sent = flight.sent;
    const ApiResult<std::string> answer = back ? *flight.answer : kNoAnswer;
    // Given up, it may still arrive: at once here, so that it surprises the next look.
    if (!back && !flight.answer && chance() < 0.5) (void)leases_.take(flight.request);
    one.flight.reset();
    one.election->answered(ask, sent, mine, answer);
  }
  Duration delay() {
    if (now_ >= kTrouble) return upTo(100ms);
    return chance() < 0.1 ? upTo(8s) : upTo(300ms);
  }

  std::string judge() {
    std::string leaders;
    for (const Replica& one : replicas_)
      if (one.election && one.election->leads(clockOf(one))) leaders += 'x';
    if (leaders.size() > 1) return fmt::format("{} lead at {} ms", leaders.size(), now_ / 1ms);
    if (leaders.size() == 1) led_ = now_;
    // The holder is dead, its Lease removed, and who makes it anew waits as well.
    if (now_ >= kTrouble && now_ - std::max(led_, kTrouble) > 45s)
      return fmt::format("nobody has led for 45 s at {} ms", now_ / 1ms);
    return "";
  }

  std::mt19937 random_;
  const ElectionTimes times_;
  FakeLeases leases_;
  std::vector<Replica> replicas_;
  Duration now_{0};
  Duration led_{0};
  int started_ = 0;
};

TEST(Elections, randomSchedulesNeverHaveTwoLeadersNorNoneForLong) {
  const unsigned first = std::random_device()();
  for (unsigned i = 0; i < 500; ++i) {
    const std::string problem = Schedule(first + i).run();
    ASSERT_EQ(problem, "") << "seed " << first + i;
  }
}

TEST(Elections, aHolderThatLeadsForLongerThanOthersWaitIsFoundOut) {
  std::string problem;
  for (unsigned seed = 0; seed < 1000 && problem.empty(); ++seed)
    problem = Schedule(seed, {.lease = 15s, .renew = 18s, .retry = 2s}).run();
  EXPECT_THAT(problem, HasSubstr("2 lead at"));
}

}  // namespace
}  // namespace rollcall::k8s
