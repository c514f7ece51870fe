#include "daemon/sinks/process_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

namespace rollcall {
namespace {

constexpr char kStat[] =
    "4242 (roll (call) x) S 1 4242 4242 0 -1 4194560 2200 0 0 0 250 50 0 0 20 0 24 0 12345 "
    "200000000 1500 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n";
constexpr char kMachine[] = "cpu  1 2 3\nctxt 99\nbtime 1767261600\nprocesses 12\n";

TEST(ProcessFactsTest, TellWhatTheKernelCounted) {
  const ProcessFacts facts = parseProcess(kStat, kMachine, {100, 4096});
  EXPECT_EQ(facts.cpuSeconds, 3.0);
  EXPECT_EQ(facts.residentBytes, 1500.0 * 4096);
  EXPECT_EQ(facts.startedSeconds, 1767261600 + 123.45);
}

TEST(ProcessFactsTest, AreAbsentWhereTheKernelSaysNothing) {
  for (const char* stat : {"", "no name", "1 (x) S 1 2 3", "1 (x)"}) {
    const ProcessFacts facts = parseProcess(stat, kMachine, {});
    EXPECT_FALSE(facts.cpuSeconds || facts.residentBytes || facts.startedSeconds) << stat;
  }
  EXPECT_FALSE(parseProcess(kStat, "cpu 1\n", {}).startedSeconds);
  EXPECT_FALSE(parseProcess(kStat, "cpu 1\nbtime soon\n", {}).startedSeconds);
}

TEST(ProcessFactsTest, OfThisProcessAreTrue) {
  const ProcessFacts facts = readProcess();
  EXPECT_GT(facts.residentBytes.value(), 1e6);
  EXPECT_GT(facts.cpuSeconds.value(), 0 - 1e-9);
  EXPECT_LE(facts.startedSeconds.value(), static_cast<double>(time(nullptr)) + 1);
  EXPECT_GT(facts.startedSeconds.value(), static_cast<double>(time(nullptr)) - 3600);
  const double before = facts.openFds.value();
  const int one = dup(0);
  EXPECT_EQ(readProcess().openFds.value(), before + 1);
  close(one);
  EXPECT_GE(facts.maxFds.value(), before);
}

}  // namespace
}  // namespace rollcall
