#include "daemon/k8s/lease.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rollcall::k8s {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::string_view kHeld =
    R"({"kind":"Lease","metadata":{"name":"rollcall","resourceVersion":"7","labels":{"a":"b"}},)"
    R"("spec":{"holderIdentity":"a_1","leaseDurationSeconds":15,"leaseTransitions":3,)"
    R"("acquireTime":"2026-01-01T10:00:00.000000Z","renewTime":"2026-01-01T10:00:02.000000Z",)"
    R"("strategy":"OldestEmulationVersion"}})";
constexpr WallTime kNow{std::chrono::seconds(1'767'264'000)};  // 2026-01-01T10:40:00Z

json specOf(const std::string& text) {
  return json::parse(text)["spec"];
}

TEST(Lease, isRead) {
  const Result<Lease> lease = readLease(kHeld);
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ(lease->holder, "a_1");
  EXPECT_EQ(lease->duration, 15s);
  EXPECT_EQ(lease->version, "7");
}

TEST(Lease, ofWhichMuchIsAbsentIsHeldByNobody) {
  for (const char* spec :
       {"", R"(,"spec":{})", R"(,"spec":null)",
        R"(,"spec":{"holderIdentity":null,"leaseDurationSeconds":-1})",
        R"(,"spec":{"holderIdentity":7,"leaseDurationSeconds":99999999})", R"(,"spec":[])"}) {
    const Result<Lease> lease =
        readLease(std::string(R"({"kind":"Lease","metadata":{"name":"l","resourceVersion":"1"})") +
                  spec + "}");
    ASSERT_TRUE(lease) << spec;
    EXPECT_EQ(lease->holder, "") << spec;
    EXPECT_EQ(lease->duration, 0s) << spec;
    EXPECT_EQ(specOf(claimedLease(*lease, {"b_2", 15s, kNow}))["holderIdentity"], "b_2") << spec;
  }
}

TEST(Lease, isNothingElse) {
  for (const char* text :
       {"", "[]", "<html>", R"({"kind":"Status","metadata":{"resourceVersion":"1"}})",
        R"({"kind":"Lease","metadata":{"name":"l"}})"})
    EXPECT_FALSE(readLease(text)) << text;
}

TEST(Lease, isMadeAnew) {
  const json made = json::parse(newLease("rollcall", {"a_1", 15s, kNow}));
  EXPECT_EQ(made, json::parse(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
    "metadata":{"name":"rollcall"},"spec":{"holderIdentity":"a_1","leaseDurationSeconds":15,
    "acquireTime":"2026-01-01T10:40:00.000000Z","renewTime":"2026-01-01T10:40:00.000000Z",
    "leaseTransitions":0}})"));
}

TEST(Lease, isRenewedByItsHolder) {
  json wanted = json::parse(kHeld);
  wanted["spec"]["renewTime"] = "2026-01-01T10:40:00.000000Z";
  EXPECT_EQ(json::parse(claimedLease(*readLease(kHeld), {"a_1", 15s, kNow})), wanted);
}

TEST(Lease, isTakenOverByAnother) {
  json wanted = json::parse(kHeld);
  wanted["spec"].update({{"holderIdentity", "b_2"},
                         {"leaseTransitions", 4},
                         {"acquireTime", "2026-01-01T10:40:00.000000Z"},
                         {"renewTime", "2026-01-01T10:40:00.000000Z"}});
  EXPECT_EQ(json::parse(claimedLease(*readLease(kHeld), {"b_2", 15s, kNow})), wanted);
}

TEST(Lease, isReleased) {
  const json spec = specOf(releasedLease(*readLease(kHeld), kNow));
  EXPECT_EQ(spec["holderIdentity"], "");
  EXPECT_EQ(spec["leaseDurationSeconds"], 1);
  EXPECT_EQ(spec["leaseTransitions"], 3);
}

}  // namespace
}  // namespace rollcall::k8s
