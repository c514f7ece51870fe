#include "checks/volume/trend.h"

#include <gtest/gtest.h>

#include "checks/volume/looks.h"

namespace rollcall::checks::volume {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kGiB = 1u << 30;

VolumeSpace space(double freeGiB, std::uint64_t freeInodes = 900'000) {
  return {100 * kGiB, static_cast<std::uint64_t>(freeGiB * static_cast<double>(kGiB)), 1'000'000,
          freeInodes, false};
}

// What is free, as `freeAt` tells by the hour, sampled for so long.
template <class FreeAt>
Forecast after(Duration history, FreeAt freeAt) {
  std::vector<Sample> samples;
  MonoTime now{};
  for (; now <= MonoTime(history); now += 30s)
    addSample(
        samples, now,
        freeAt(std::chrono::duration<double, std::ratio<3600>>(now.time_since_epoch()).count()));
  now = MonoTime(history);
  return forecastOf(samples, now,
                    freeAt(std::chrono::duration<double, std::ratio<3600>>(history).count()));
}

double hours(const std::optional<Duration>& time) {
  return time ? std::chrono::duration<double, std::ratio<3600>>(*time).count() : -1;
}

TEST(Forecast, TellsWhenASteadyPaceWillHaveFilledTheVolume) {
  const Forecast forecast = after(8h, [](double hour) { return space(60 - 5 * hour); });
  EXPECT_NEAR(hours(forecast.full), 4, 0.1);
  EXPECT_EQ(forecast.history, 8h);
  EXPECT_FALSE(forecast.noInodes);
}

TEST(Forecast, NeedsSixHours) {
  EXPECT_FALSE(after(5h + 59min, [](double hour) { return space(60 - 5 * hour); }).full);
  EXPECT_TRUE(after(6h, [](double hour) { return space(60 - 5 * hour); }).full);
}

TEST(Forecast, SaysNothingOfWhatDoesNotBecomeLess) {
  EXPECT_FALSE(after(8h, [](double) { return space(1); }).full);
  EXPECT_FALSE(after(8h, [](double hour) { return space(10 + hour); }).full);
}

TEST(Forecast, TakesOneLargeUploadForNoPace) {
  EXPECT_FALSE(after(8h, [](double hour) { return space(hour < 2 ? 60 : 20); }).full);
}

TEST(Forecast, TakesTheSlowerPaceOfAWritingThatCalmsDown) {
  const Forecast forecast =
      after(8h, [](double hour) { return space(hour < 4 ? 60 - 10 * hour : 20 - (hour - 4)); });
  EXPECT_NEAR(hours(forecast.full), 16, 1);
}

TEST(Forecast, CountsInodesAlike) {
  const Forecast forecast = after(10h, [](double hour) {
    return space(50, 1'000'000 - static_cast<std::uint64_t>(hour * 50'000));
  });
  EXPECT_NEAR(hours(forecast.noInodes), 10, 0.3);
  EXPECT_FALSE(forecast.full);
}

TEST(Forecast, IsNoneWhereNothingIsCounted) {
  const Forecast forecast = after(10h, [](double) { return VolumeSpace{}; });
  EXPECT_FALSE(forecast.full);
  EXPECT_FALSE(forecast.noInodes);
}

TEST(Samples, AreTenMinutesApartAndADayOldAtMost) {
  std::vector<Sample> samples;
  for (MonoTime now{}; now <= MonoTime(72h); now += 30s) addSample(samples, now, space(50));
  EXPECT_EQ(samples.size(), 145u);
  EXPECT_EQ(samples.front().at, MonoTime(48h));
}

TEST(Samples, StartAnewWhenTheVolumeGrows) {
  std::vector<Sample> samples;
  addSample(samples, MonoTime(0s), space(50));
  VolumeSpace grown = space(150);
  grown.size *= 2;
  addSample(samples, MonoTime(30s), grown);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].size, grown.size);
}

TEST(Trends, KeepEachPlaceAndMountApartAndForgetWhatIsGone) {
  Trends trends;
  FolderLook filling = well();
  std::map<std::string, Forecast> own;
  for (MonoTime now{}; now <= MonoTime(8h); now += 10min) {
    filling.space->free -= kGiB / 2;
    trends.note("pod-1", {on(disk(), {well()})}, now);
    own = trends.note("", {on(disk(), {filling})}, now);
  }
  EXPECT_TRUE(own.at("/content").full);
  EXPECT_FALSE(trends.note("pod-1", {on(disk(), {well()})}, MonoTime(8h)).at("/content").full);
  EXPECT_EQ(trends.note("", {on(disk(), {filling})}, MonoTime(33h)).at("/content").history, 0h);
}

TEST(Trends, LearnNothingFromAVolumeThatHangs) {
  Trends trends;
  MountLook look = on(disk(), {well()});
  look.hungSince = WallTime{};
  EXPECT_TRUE(trends.note("", {look}, MonoTime{}).empty());
}

}  // namespace
}  // namespace rollcall::checks::volume
