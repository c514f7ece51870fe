#include "checks/theme/pod_look.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "daemon/api/pod_api.h"
#include "daemon/core/url_path.h"
#include "daemon/ghost/admin_token.h"

namespace rollcall::checks::theme {
namespace {

constexpr std::size_t kPageBytes = 64u << 20;  // as the check pods asks for the front page: a round
constexpr std::size_t kKeptBytes = 1u << 20;   // of checks then asks for it once
constexpr std::size_t kAssetBytes = 16u << 20;

PodRequest pageRequest(const std::string& path, bool fresh) {
  PodRequest request;
  request.path = path;
  request.reason = fresh ? Reason::kSuspect : Reason::kView;
  request.paced = true;
  request.maxBytes = kPageBytes;
  request.keepBytes = kKeptBytes;
  request.shared = !fresh;
  return request;
}

PodRequest assetRequest(const std::string& path, bool fresh) {
  PodRequest request;
  request.path = path;
  request.reason = fresh ? Reason::kSuspect : Reason::kView;
  request.maxBytes = kAssetBytes;
  request.keepBytes = 0;
  return request;
}

PodRequest customRequest(const CheckContext& context) {
  PodRequest request;
  request.path = ghost::adminApiPath(std::nullopt) + "custom_theme_settings/";
  request.door = Door::kAdmin;
  request.reason = Reason::kView;
  request.authorization =
      ghost::adminAuthorization(context.adminKey, context.clock.wall(), std::nullopt);
  return request;
}

// Express: W/"<size in hex>-<time of modification in hex>".
std::optional<std::uint64_t> sizeIn(std::string_view etag) {
  if (!etag.starts_with("W/\"")) return std::nullopt;
  etag.remove_prefix(3);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(etag.data(), etag.data() + etag.size(), size, 16);
  if (error != std::errc() || end == etag.data() + etag.size() || *end != '-') return std::nullopt;
  return size;
}

std::string textOf(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}

// What names an image below whatever serves it; empty when it is none of Ghost's own storage.
std::string_view imageIn(std::string_view address) {
  constexpr std::string_view kImages = "/content/images/";
  const std::size_t at = address.find(kImages);
  return at == std::string_view::npos ? "" : address.substr(at + kImages.size());
}

bool isTrue(std::string_view value) {
  return value == "true" || value == "1";
}

// Rows hold "__GHOST_URL__/content/images/x.png", which is served below the site's or another
// host's address, and booleans of older versions as digits.
bool sameValue(const CustomSetting& kept, const std::string& served) {
  if (kept.value == served) return true;
  if (kept.type == "boolean") return isTrue(kept.value) == isTrue(served);
  if (kept.type != "image" || kept.value.empty() || served.empty()) return false;
  const std::string_view image = imageIn(kept.value), shown = imageIn(served);
  return image.empty() || shown.empty() || image == shown;
}

}  // namespace

std::vector<PodLook> podsToAsk(const Topology& topology) {
  std::vector<PodLook> looks;
  for (const Pod& pod : topology.pods)
    if (pod.mayBeBlamed()) looks.push_back({.pod = &pod, .asset = {}, .custom = {}, .pages = {}});
  return looks;
}

namespace {

// A pod whose database was away has broken connections in its pool; each of them fails one page. A
// theme that is missing stays so.
bool mayPassByItself(const Result<HttpResponse>& answer) {
  return answer && answer->status >= 500 && answer->status != 503 &&
         answer->body.find("currently active theme") == std::string::npos;
}

void askPage(PodBatch& batch, PodLook& look, const std::string& path, bool fresh) {
  batch.get(
      *look.pod, pageRequest(path, fresh), [&batch, &look, &path](Result<HttpResponse> answer) {
        if (!mayPassByItself(answer)) {
          look.pages.insert_or_assign(path, std::move(answer));
          return;
        }
        batch.get(*look.pod, pageRequest(path, true), [&look, &path](Result<HttpResponse> again) {
          look.pages.insert_or_assign(path, std::move(again));
        });
      });
}

}  // namespace

void ask(const CheckContext& context, const Questions& questions, std::vector<PodLook>& looks) {
  const auto batch = context.pods.batch(context.budget);
  for (PodLook& look : looks) {
    if (!questions.asset.empty())
      batch->get(*look.pod, assetRequest(questions.asset, questions.fresh),
                 [&look](Result<HttpResponse> answer) { look.asset = std::move(answer); });
    if (questions.custom)
      batch->get(*look.pod, customRequest(context),
                 [&look](Result<HttpResponse> answer) { look.custom = std::move(answer); });
    for (const std::string& path : questions.pages) askPage(*batch, look, path, questions.fresh);
  }
  batch->drive(context.deadline, context.stop);
}

std::string AssetAnswer::text() const {
  return absent ? "not there" : fmt::format("{} bytes", size);
}

bool leadsToPrivate(const HttpResponse& response, const Site& site) {
  return response.status / 100 == 3 &&
         pathOfLink(response.header("location")) == site.pathOf("/private/");
}

// 5.x sends what is not there on to the same address with a slash, later ones answer 404.
AssetAnswer assetAnswer(const Answer& answer, const Site& site) {
  AssetAnswer found;
  if (!answer || !*answer) return found;
  const HttpResponse& response = **answer;
  if (response.status == 200) {
    const auto size = sizeIn(response.header("etag"));
    found.known = size.has_value();
    found.size = size.value_or(0);
    found.etag = std::string(response.header("etag")).substr(0, 60);
  } else if (response.status == 404 || (response.status == 301 && !leadsToPrivate(response, site) &&
                                        pathOfLink(response.header("location")).ends_with('/'))) {
    found.known = found.absent = true;
  }
  return found;
}

Result<std::vector<std::string>> otherSettings(
    const Result<HttpResponse>& answer, const std::map<std::string, CustomSetting>& expected) {
  const auto document = api::document(answer);
  if (!document) return document.error();
  const auto list = document->find("custom_theme_settings");
  if (!document->is_object() || list == document->end() || !list->is_array())
    return Error{ErrorCode::kProtocol, "its answer holds no custom theme settings"};
  std::vector<std::string> other;
  for (const nlohmann::json& one : *list) {
    if (!one.is_object() || !one.contains("key") || !one["key"].is_string() ||
        !one.contains("value"))
      continue;
    const auto row = expected.find(one["key"].get<std::string>());
    if (row != expected.end() && !sameValue(row->second, textOf(one["value"])))
      other.push_back(row->first);
  }
  return other;
}

std::map<std::size_t, Result<std::string>> versionsOf(const CheckContext& context,
                                                      const std::vector<PodLook>& looks,
                                                      const std::vector<std::size_t>& pods,
                                                      bool fresh) {
  std::map<std::size_t, Result<std::string>> versions;
  const auto batch = context.pods.batch(context.budget);
  for (const std::size_t pod : pods)
    api::askSite(*batch, *looks[pod].pod, !fresh,
                 [&versions, pod](const Result<api::PodSite>& site) {
                   if (site)
                     versions.insert_or_assign(pod, site->info.version);
                   else
                     versions.insert_or_assign(pod, site.error());
                 });
  batch->drive(context.deadline, context.stop);
  return versions;
}

Result<bool> sameSettings(const CheckContext& context, const std::vector<PodLook>& looks,
                          const std::vector<std::size_t>& pods) {
  const auto key = api::contentKey(context);
  if (!key) return key.error();
  std::map<std::pair<std::size_t, std::string>, Result<HttpResponse>> answers;
  const auto batch = context.pods.batch(context.budget);
  for (const std::size_t pod : pods)
    for (const char* what : {"settings", "tiers"}) {
      PodRequest request;
      request.path = fmt::format("{}{}/?key={}", ghost::contentApiPath(std::nullopt), what, *key);
      request.door = Door::kAdmin;
      request.reason = Reason::kSuspect;
      batch->get(*looks[pod].pod, request, [&answers, pod, what](Result<HttpResponse> answer) {
        answers.insert_or_assign({pod, what}, std::move(answer));
      });
    }
  batch->drive(context.deadline, context.stop);
  for (const char* what : {"settings", "tiers"}) {
    const Result<HttpResponse>& first = answers.at({pods.front(), what});
    for (const std::size_t pod : pods) {
      const Result<HttpResponse>& answer = answers.at({pod, what});
      if (auto trouble = api::troubleOf(answer)) return *trouble;
      if (answer->body != first->body) return false;
    }
  }
  return true;
}

}  // namespace rollcall::checks::theme
