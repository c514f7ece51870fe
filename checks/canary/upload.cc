#include "checks/canary/upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <numeric>

#include "daemon/api/pod_api.h"
#include "daemon/content/own_files.h"
#include "daemon/ghost/api.h"

namespace rollcall::checks::canary {
namespace {

using nlohmann::json;

// ICO with one white 24-bit pixel: the directory, the bitmap's header, the pixel, the mask.
constexpr std::array<unsigned char, kUploadBytes> kIcon = {
    0,  0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 24, 0, 48, 0,   0,   0,   22, 0, 0, 0,           //
    40, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1,  0, 24, 0,   0,   0,   0,  0, 8, 0, 0, 0, 0,  //
    0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0,  255, 255, 255, 0,  0, 0, 0, 0};

constexpr std::string_view kBelow = "/content/images/";

bool isPlain(std::string_view path) {
  return path.find("..") == std::string_view::npos &&
         std::ranges::all_of(path, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
         });
}

// {"images": [{"url": "https://example.org/content/images/2026/11/NAME", "ref": null}]}
std::optional<std::string> urlIn(const Result<HttpResponse>& answer) {
  const auto document = api::parseJson(answer->body);
  if (!document || !document->is_object()) return std::nullopt;
  const auto images = document->find("images");
  if (images == document->end() || !images->is_array() || images->empty()) return std::nullopt;
  const json& image = images->front();
  if (!image.is_object() || !image.contains("url") || !image["url"].is_string())
    return std::nullopt;
  return image["url"].get<std::string>();
}

// A CDN's or another store's address may read otherwise.
std::string pathIn(std::string_view url, std::string_view name) {
  const auto at = url.find(kBelow);
  if (at == std::string_view::npos) return "";
  const std::string_view path = url.substr(at);
  return path.ends_with(fmt::format("/{}", name)) && isPlain(path) ? std::string(path) : "";
}

std::size_t rootOf(std::vector<std::size_t>& parents, std::size_t one) {
  while (parents[one] != one) one = parents[one] = parents[parents[one]];
  return one;
}

// The part each pod is in: those that serve each other's uploads, directly or through others.
std::vector<std::size_t> partsOf(const Fetched& fetched) {
  std::vector<std::size_t> parents(fetched.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  for (std::size_t i = 0; i < fetched.size(); ++i)
    for (std::size_t j = 0; j < fetched.size(); ++j)
      if (i != j && fetched[i][j].kind == Fetch::Kind::kServed)
        parents[rootOf(parents, i)] = rootOf(parents, j);
  for (std::size_t i = 0; i < parents.size(); ++i) parents[i] = rootOf(parents, i);
  return parents;
}

// The one part that is larger than every other among the pods that are known.
std::optional<std::size_t> largest(const std::vector<std::size_t>& parts,
                                   const std::vector<bool>& known) {
  std::map<std::size_t, std::size_t> sizes;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (known[i]) ++sizes[parts[i]];
  std::optional<std::size_t> best;
  bool alone = false;
  for (const auto& [each, size] : sizes) {
    if (best && size < sizes[*best]) continue;
    alone = !best || size > sizes[*best];
    best = each;
  }
  return alone ? best : std::nullopt;
}

}  // namespace

std::string_view icon() {
  return {reinterpret_cast<const char*>(kIcon.data()), kIcon.size()};
}

Form formFor(std::string_view name) {
  const std::string boundary = fmt::format("rollcall-{}", name);
  return {fmt::format("multipart/form-data; boundary={}", boundary),
          fmt::format("--{0}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{1}\"\r\n"
                      "Content-Type: image/x-icon\r\n\r\n{2}\r\n--{0}--\r\n",
                      boundary, name, icon())};
}

UploadSight uploadSightOf(const Result<HttpResponse>& answer, std::string_view name) {
  using Kind = UploadSight::Kind;
  if (!answer) {
    const bool late = answer.error().code == ErrorCode::kDeadlineExceeded;
    return {.kind = late ? Kind::kSilent : Kind::kUnseen, .why = answer.error()};
  }
  if (answer->status == 200 || answer->status == 201) {
    const auto url = urlIn(answer);
    if (url) return {.kind = Kind::kStored, .status = answer->status, .path = pathIn(*url, name)};
    return {.status = answer->status,
            .why = {ErrorCode::kProtocol, "it takes the upload and does not say where it is"}};
  }
  if (answer->status == 500)
    return {.kind = Kind::kFailed,
            .status = 500,
            .said = ghost::errorMessage(answer->header("content-type"), answer->body)};
  return {.status = answer->status, .why = *api::troubleOf(answer)};
}

Fetch fetchOf(const Result<HttpResponse>& answer) {
  using Kind = Fetch::Kind;
  const int status = answer ? answer->status : 0;
  if (status == 404 || status == 410) return {.kind = Kind::kMissing, .asked = true};
  if (status == 500)
    return {.kind = Kind::kFailing,
            .said = ghost::errorMessage(answer->header("content-type"), answer->body),
            .asked = true};
  if (auto trouble = api::troubleOf(answer)) return {.why = std::move(*trouble), .asked = true};
  if (answer->body == icon()) return {.kind = Kind::kServed, .asked = true};
  return {.why = {ErrorCode::kProtocol, "it answers with other bytes than were uploaded"},
          .asked = true};
}

std::string_view errnoIn(std::string_view said) {
  for (std::size_t colon = said.find(':'); colon != std::string_view::npos;
       colon = said.find(':', colon + 1)) {
    const std::size_t space = said.rfind(' ', colon);
    const std::size_t begin = space == std::string_view::npos ? 0 : space + 1;
    const std::string_view word = said.substr(begin, colon - begin);
    const bool capitals =
        std::ranges::all_of(word, [](unsigned char c) { return std::isupper(c) != 0; });
    if (word.size() > 2 && word.front() == 'E' && capitals) return word;
  }
  return {};
}

Parted part(const Fetched& fetched) {
  std::vector<bool> known(fetched.size(), false);
  std::vector<std::pair<std::size_t, std::size_t>> misses;
  for (std::size_t i = 0; i < fetched.size(); ++i)
    for (std::size_t j = 0; j < fetched.size(); ++j) {
      const bool missing = fetched[i][j].kind == Fetch::Kind::kMissing;
      const bool served = i != j && fetched[i][j].kind == Fetch::Kind::kServed;
      if (!missing && !served) continue;
      known[i] = known[j] = true;
      if (missing) misses.emplace_back(i, j);
    }
  const std::vector<std::size_t> parts = partsOf(fetched);
  const auto main = largest(parts, known);
  Parted parted;
  for (const auto& [through, on] : misses) {
    if (!main) {
      parted.undecided.emplace_back(through, on);
      continue;
    }
    // The one that is not with the most; both with them: the one that misses.
    const bool others = parts[on] == *main && parts[through] != *main;
    parted.apart[others ? through : on].emplace_back(through, on);
  }
  return parted;
}

}  // namespace rollcall::checks::canary
