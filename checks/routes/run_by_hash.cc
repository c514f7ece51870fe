#include <algorithm>

#include "checks/routes/loaded_hash.h"
#include "checks/routes/run.h"
#include "checks/routes/wording.h"
#include "daemon/api/pod_api.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::routes {
namespace {

using namespace std::chrono_literals;

constexpr ghost::Version kLastWithHash{6, 54};

}  // namespace

// Up to 6.54 the database tells which file a pod loaded last.
Result<void> Run::judgeHash() {
  const bool readByUs = context_.routesFile.empty() && text_.text;
  const bool wrong = std::ranges::any_of(kept_.verdicts,
                                         [](const auto& one) { return !one.second.wrong.empty(); });
  if (!context_.content || !readByUs || !demand_ || wrong) return {};
  if (!hashDiffers()) {
    kept_.sights.erase(kHash);
    return {};
  }
  if (!allRouteFromHash()) return {};
  if (!fileIsOld() && !settled(kHash, *text_.text, noTime("", text_.place))) return {};
  const auto learned = learnAgain();
  if (!learned) return tl::unexpected<Error>(learned.error());
  if (!*learned)
    again(1s);
  else if (hashDiffers())
    outcome_.findings.push_back(
        notLoaded(text_.place, text_.changed ? formatTime(*text_.changed) : ""));
  return {};
}

bool Run::hashDiffers() {
  const auto expected = loadedHash(*text_.text);
  if (!expected) return false;
  const auto rows =
      context_.content->rows("SELECT value FROM settings WHERE `key` = 'routes_hash' LIMIT 1",
                             context_.deadline, context_.stop);
  if (!rows) {
    addGap({"", "settings.routes_hash", rows.error()});
    return false;
  }
  if (rows->empty() || rows->front().empty()) return false;
  const auto& hash = rows->front().front();
  return hash && !hash->empty() && *hash != *expected;
}

bool Run::allRouteFromHash() {
  std::size_t such = 0;
  const auto batch = context_.pods.batch(context_.budget);
  for (const Pod* pod : pods_)
    api::askSite(*batch, *pod, true, [this, pod, &such](const Result<api::PodSite>& site) {
      if (!site) addGap({pod->name, "its version", site.error()});
      such += site && site->version && *site->version <= kLastWithHash;
    });
  batch->drive(context_.deadline, context_.stop);
  return such > 0 && such == pods_.size();
}

}  // namespace rollcall::checks::routes
