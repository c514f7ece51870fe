#include "checks/canary/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "daemon/api/pod_api.h"
#include "daemon/ghost/api.h"
#include "daemon/ghost/error_message.h"

namespace rollcall::checks::canary {
namespace {

// Ten times two seconds: more than the three seconds an NFS client keeps the attributes of a file
// that was just changed.
constexpr int kPatientLooks = 10;

bool isHtml(const HttpResponse& answer) {
  return answer.header("content-type").find("html") != std::string_view::npos;
}

// A body as it was before the last stage: the first text, the new bytes in the old length, or
// nothing, as between the two.
bool isOld(std::string_view body, Stage stage, const Texts& texts) {
  if (stage == Stage::kRemoved) return body == texts.second || body == texts.first;
  if (stage == Stage::kCreated) return false;
  return body.empty() || body == texts.first ||
         body == std::string_view(texts.second).substr(0, texts.first.size());
}

Seen seenIn(const HttpResponse& answer, Stage stage, const Texts& texts) {
  if (isOld(answer.body, stage, texts)) return Seen::kOld;
  const bool there = stage != Stage::kRemoved;
  if (there && answer.body == (stage == Stage::kCreated ? texts.first : texts.second))
    return Seen::kRight;
  // Not Ghost's storage but somebody who answers everything with a page.
  return isHtml(answer) ? Seen::kUnseen : Seen::kWrong;
}

Seen seenOf(const HttpResponse& answer, Stage stage, const Texts& texts) {
  const int status = answer.status;
  const bool removed = stage == Stage::kRemoved;
  if (status == 200) return seenIn(answer, stage, texts);
  if (status == 404 || status == 410) return removed ? Seen::kRight : Seen::kMissing;
  // What was readable a moment ago is still known to the pod, and can no longer be opened.
  if (status == 500) return removed ? Seen::kOld : Seen::kFailing;
  if (status == 401 || status == 403) return Seen::kRefused;
  if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
    return Seen::kElsewhere;
  return Seen::kUnseen;
}

bool takeHex(std::string_view& text, char end, std::uint64_t& number) {
  const std::size_t length = text.find(end);
  if (length == std::string_view::npos) return false;
  const auto read = std::from_chars(text.data(), text.data() + length, number, 16);
  const bool whole = length > 0 && read.ec == std::errc{} && read.ptr == text.data() + length;
  text.remove_prefix(length + 1);
  return whole;
}

}  // namespace

Texts textsFor(std::string_view name) {
  return {fmt::format("Rollcall looks whether every pod serves this file, {}. It goes away in a "
                      "moment.\n",
                      name),
          fmt::format("{} was overwritten by Rollcall, which looks whether every pod serves it as "
                      "it is now. It goes away in a moment.\n",
                      name)};
}

std::optional<Stamp> stampOf(std::string_view etag) {
  std::uint64_t size = 0, changed = 0;
  if (!etag.starts_with("W/\"")) return std::nullopt;
  etag.remove_prefix(3);
  if (!takeHex(etag, '-', size) || !takeHex(etag, '"', changed) || !etag.empty())
    return std::nullopt;
  constexpr std::uint64_t kLatest = std::uint64_t{1}
                                    << 46;  // milliseconds: some two thousand years
  if (changed > kLatest) return std::nullopt;
  return Stamp{size, WallTime(std::chrono::milliseconds(changed))};
}

bool sameTime(WallTime ghost, WallTime ours) {
  return ghost == ours || ghost == ours + std::chrono::milliseconds(1);
}

Sight sightOf(const Result<HttpResponse>& answer, Stage stage, const Texts& texts) {
  Sight sight;
  if (!answer) {
    const bool late = answer.error().code == ErrorCode::kDeadlineExceeded;
    sight.seen = late ? Seen::kSilent : Seen::kUnseen;
    sight.why = answer.error();
    return sight;
  }
  sight.seen = seenOf(*answer, stage, texts);
  sight.status = answer->status;
  sight.bytes = answer->body.size();
  if (sight.seen == Seen::kElsewhere)
    sight.said = ghost::oneLine(answer->header("location"));
  else if (sight.seen == Seen::kFailing || sight.seen == Seen::kRefused)
    sight.said = ghost::errorMessage(answer->header("content-type"), answer->body);
  if (sight.seen == Seen::kUnseen)
    sight.why = api::troubleOf(answer).value_or(
        Error{ErrorCode::kProtocol, "it answers with a page instead of the file"});
  if (sight.seen == Seen::kRight && stage != Stage::kRemoved)
    sight.stamp = stampOf(answer->header("etag"));
  return sight;
}

int looksBefore(Seen seen, bool known) {
  switch (seen) {
    case Seen::kOld:
    case Seen::kWrong:
      return kPatientLooks;
    case Seen::kMissing:
    case Seen::kFailing:
    case Seen::kRefused:
      return known ? 1 : 2;
    case Seen::kSilent:
      return 1;
    case Seen::kRight:
    case Seen::kElsewhere:
    case Seen::kUnseen:
      break;
  }
  return 0;
}

Scene sceneOf(const std::vector<Seen>& all) {
  const auto any = [&](std::initializer_list<Seen> wanted) {
    return std::ranges::any_of(all, [&](Seen one) {
      return std::find(wanted.begin(), wanted.end(), one) != wanted.end();
    });
  };
  if (any({Seen::kRight, Seen::kOld, Seen::kWrong})) return Scene::kServed;
  if (any({Seen::kMissing, Seen::kRefused})) return Scene::kNowhere;
  return any({Seen::kElsewhere}) ? Scene::kElsewhere : Scene::kUnknown;
}

}  // namespace rollcall::checks::canary
