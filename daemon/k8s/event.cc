#include "daemon/k8s/event.h"

#include <nlohmann/json.hpp>

#include "daemon/core/cut_text.h"
#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxNote = 1024;  // bytes
constexpr std::size_t kMaxInstance = 128;

std::string dumped(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

json series(const PodEvent& event) {
  return {{"count", event.count}, {"lastObservedTime", microTime(event.seen)}};
}

}  // namespace

std::string newEvent(const PodEvent& event, const std::string& instance) {
  json document = {{"apiVersion", "events.k8s.io/v1"},
                   {"kind", "Event"},
                   {"metadata", {{"name", event.name}, {"namespace", event.nameSpace}}},
                   {"eventTime", microTime(event.at)},
                   {"reportingController", "rollcall"},
                   {"reportingInstance", std::string(cutText(instance, kMaxInstance))},
                   {"type", event.warning ? "Warning" : "Normal"},
                   {"reason", event.reason},
                   {"action", event.action},
                   {"note", std::string(cutText(event.note, kMaxNote))},
                   {"regarding",
                    {{"apiVersion", "v1"},
                     {"kind", "Pod"},
                     {"namespace", event.nameSpace},
                     {"name", event.pod},
                     {"uid", event.podUid}}}};
  if (event.count > 1) document["series"] = series(event);
  return dumped(document);
}

std::string seriesOf(const PodEvent& event) {
  return dumped({{"series", series(event)}});
}

}  // namespace rollcall::k8s
