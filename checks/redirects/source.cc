#include "checks/redirects/source.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "daemon/api/pod_api.h"
#include "daemon/content/content_dir.h"
#include "daemon/db/content_source.h"
#include "daemon/ghost/admin_token.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::redirects {
namespace {

constexpr std::size_t kMaxBytes = 4u << 20;
constexpr std::string_view kDownload = "/ghost/api/admin/redirects/download/";

// Its times are by the clock of the volume's server: only what is clearly old counts as settled.
constexpr Duration kClockSkew = std::chrono::seconds(2);

void take(FoundRules& found, std::string_view text, RuleFormat format) {
  auto rules = parseRules(text, format);
  if (rules)
    found.rules = KnownRules{.rules = std::move(*rules)};
  else if (rules.error().code == ErrorCode::kInvalidArgument)
    found.broken = rules.error().message;
  else
    found.gap = Gap{"", found.place, rules.error()};
}

bool isSettled(const CheckContext& context, const std::optional<WallTime>& changed) {
  return changed && elapsed(*changed, context.clock.wall()) > context.settle + kClockSkew;
}

// The YAML file wins where both are there, in every version.
FoundRules readFolder(const CheckContext& context) {
  FoundRules found;
  std::optional<Error> absence;
  for (const auto& [name, format] : {std::pair("data/redirects.yaml", RuleFormat::kYaml),
                                     std::pair("data/redirects.json", RuleFormat::kJson)}) {
    found.place = fmt::format("{} in the content folder", name);
    const auto file = context.dir->file(name, kMaxBytes, context.deadline);
    if (!file && file.error().code == ErrorCode::kNotFound) {
      absence = file.error();
      continue;
    }
    if (!file) {
      found.gap = Gap{"", found.place, file.error()};
      return found;
    }
    take(found, file->text, format);
    const bool settled = isSettled(context, file->changed);
    if (found.rules) found.rules->settled = settled;
    found.brokenSettled = settled;
    if (file->changed) found.changed = formatTime(*file->changed);
    return found;
  }
  if (auto doubt = doubtOf(*absence, "data", *context.dir, context.deadline))
    found.gap = Gap{"", found.place, std::move(*doubt)};
  else
    found.rules = KnownRules{};
  return found;
}

Result<HttpResponse> download(const CheckContext& context, const Pod& pod) {
  PodRequest request;
  request.path = kDownload;
  request.door = Door::kAdmin;
  request.reason = Reason::kView;
  request.maxBytes = kMaxBytes;
  request.authorization =
      ghost::adminAuthorization(context.adminKey, context.clock.wall(), std::nullopt);
  Result<HttpResponse> answer = Error{ErrorCode::kCancelled, "it was not asked"};
  const auto batch = context.pods.batch(context.budget);
  batch->get(pod, std::move(request),
             [&answer](Result<HttpResponse> response) { answer = std::move(response); });
  batch->drive(context.deadline, context.stop);
  return answer;
}

// Any pod will do: they all read the same file.
FoundRules readApi(const CheckContext& context, std::size_t turn) {
  FoundRules found;
  found.place = "the redirects file, as the Admin API hands it out";
  std::vector<const Pod*> pods;
  for (const Pod& pod : context.topology.pods)
    if (pod.mayBeBlamed()) pods.push_back(&pod);
  Error why{ErrorCode::kUnavailable, "there is no pod to ask"};
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const auto answer = download(context, *pods[(turn + i) % pods.size()]);
    if (answer && (answer->status == 403 || answer->status == 501)) {
      found.note =
          "an integration's Admin API key may not read the redirects: give the content "
          "folder (--content) or a staff access token of an administrator";
      return found;
    }
    const auto trouble = api::troubleOf(answer);
    if (!trouble) {
      const RuleFormat format = formatOf(answer->body);
      take(found, answer->body, format);
      // From 6.x on the API sorts the rules by their status.
      if (found.rules) found.rules->ordered = format == RuleFormat::kJson;
      return found;
    }
    why = *trouble;
    if (why.code == ErrorCode::kPermissionDenied) break;
  }
  found.gap = Gap{"", found.place, why};
  return found;
}

std::int64_t numberOf(const std::optional<std::string>& text) {
  std::int64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

FoundRules findRules(const CheckContext& context, std::size_t turn) {
  if (context.dir) return readFolder(context);
  if (!context.adminKey.empty()) return readApi(context, turn);
  FoundRules found;
  found.note =
      "the site's redirects are not known: give the content folder (--content) or an "
      "administrator's staff access token (ROLLCALL_ADMIN_API_KEY)";
  return found;
}

Result<FoundOffers> findOffers(const CheckContext& context) {
  FoundOffers found;
  if (!context.content) {
    found.note = "offers are not looked at: there is no database";
    return found;
  }
  const auto rows = context.content->rows(
      "SELECT id, code, TIMESTAMPDIFF(SECOND, COALESCE(updated_at, created_at), UTC_TIMESTAMP()) "
      "FROM offers ORDER BY created_at, id LIMIT 5000",
      context.deadline, context.stop);
  if (!rows) {
    const Error& why = rows.error();
    if (!isAboutOneTable(why, *context.content, context.deadline, context.stop)) return why;
    // Before Ghost 4 there are none.
    if (why.code == ErrorCode::kPermissionDenied)
      found.note = "offers are not looked at: GRANT SELECT ON ghost.offers to the account";
    return found;
  }
  found.offers.emplace();
  for (const Row& row : *rows)
    if (row.size() == 3 && row[0] && row[1])
      found.offers->push_back({*row[0], *row[1], bounded(std::chrono::seconds(numberOf(row[2])))});
  return found;
}

}  // namespace rollcall::checks::redirects
