#include "daemon/k8s/watch_event.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxVersion = 128;

std::optional<WatchEvent::Kind> kindOf(std::string_view type) {
  if (type == "ADDED" || type == "MODIFIED") return WatchEvent::Kind::kPut;
  if (type == "DELETED") return WatchEvent::Kind::kDeleted;
  if (type == "BOOKMARK") return WatchEvent::Kind::kBookmark;
  return std::nullopt;
}

}  // namespace

std::string versionOf(const json& object) {
  std::string version = plainText(textAt(object, {"metadata", "resourceVersion"}));
  return version.size() <= kMaxVersion ? version : std::string();
}

ApiResult<WatchEvent> readWatchEvent(std::string_view line, const Collection& collection) {
  Result<json> event = readJson(line);
  if (!event) return tl::unexpected(ApiError{event.error()});
  const std::string type = textAt(*event, {"type"});
  const json* object = find(*event, {"object"});
  if (!object)
    return apiError(ErrorCode::kProtocol, "the API's watch sent a line that is no event");
  if (type == "ERROR") return tl::unexpected(refusal(*object, collection));
  const auto kind = kindOf(type);
  if (!kind)
    return apiError(ErrorCode::kProtocol, "the API's watch sent an event of an unknown type");
  std::string version = versionOf(*object);
  if (version.empty())
    return apiError(ErrorCode::kProtocol, "the API's watch sent an object without a version");
  return WatchEvent{*kind, std::move(version),
                    std::make_shared<const json>(std::move((*event)["object"]))};
}

}  // namespace rollcall::k8s
