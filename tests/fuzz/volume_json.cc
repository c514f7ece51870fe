// What an agent beside a pod says of the content volume.
#include "daemon/content/volume_json.h"

#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

constexpr WallTime kNow{std::chrono::hours(495'000)};

bool same(const VolumeReport& one, const VolumeReport& other) {
  return one.folder == other.folder && one.user == other.user && one.interval == other.interval &&
         one.began == other.began && one.ended == other.ended && one.looks == other.looks &&
         one.before == other.before;
}

void check(std::string_view text) {
  const Result<VolumeReport> report = parseVolumeReport(text, kNow);
  if (!report) {
    FUZZ_HOLDS(report.error().code == ErrorCode::kProtocol);
    return FUZZ_HOLDS(fuzz::isFit(report.error()));
  }
  FUZZ_HOLDS(report->ended >= Duration::zero() && report->began >= Duration::zero());
  FUZZ_HOLDS(report->looks.size() <= 32 && report->before.size() <= 32);
  (void)isStale(*report);
  // Long texts are cut when they are written: what was written once stays as it is.
  const auto once = parseVolumeReport(formatVolumeReport(*report, kNow), kNow);
  FUZZ_HOLDS(once.has_value());
  const auto twice = parseVolumeReport(formatVolumeReport(*once, kNow), kNow);
  FUZZ_HOLDS(twice && same(*once, *twice));
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rollcall::fuzz::Input input(data, size);
  rollcall::check(input.rest());
  return 0;
}
