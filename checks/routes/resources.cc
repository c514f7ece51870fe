#include "checks/routes/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks/routes/permalink_shape.h"
#include "daemon/core/url_path.h"

namespace rollcall::checks::routes {
namespace {

constexpr const char* kSelectPrivate = "SELECT value FROM settings WHERE `key` = 'is_private'";
constexpr const char* kSelectPages = "SELECT slug FROM posts WHERE type = 'page' LIMIT 10000";

std::string pathOf(std::string_view slug) {
  return fmt::format("/{}/", slug);
}

}  // namespace

Result<void> Resources::readPages(ContentSource& source, Deadline deadline, std::stop_token stop) {
  pages_.clear();
  const auto flag = source.rows(kSelectPrivate, deadline, stop);
  if (!flag) return tl::unexpected<Error>(flag.error());
  const bool said = !flag->empty() && !flag->front().empty() && flag->front().front();
  isPrivate_ = said && (*flag->front().front() == "true" || *flag->front().front() == "1");
  const auto pages = source.rows(kSelectPages, deadline, stop);
  if (!pages) return tl::unexpected<Error>(pages.error());
  if (pages->size() >= ContentSource::kMaxRows) {  // there may be more
    const auto content = source.load(deadline, stop);
    if (!content) return tl::unexpected<Error>(content.error());
    takePages(**content);
  }
  for (const Row& row : *pages)
    if (!row.empty() && row.front()) pages_.insert(pathOf(*row.front()));
  return {};
}

Result<void> Resources::readAll(ContentSource& source, Deadline deadline, std::stop_token stop) {
  const auto content = source.load(deadline, stop);
  if (!content) return tl::unexpected<Error>(content.error());
  takePages(**content);
  for (auto& slugs : slugs_) slugs.clear();
  for (const Entry& entry : (*content)->entries) {
    if (!entry.isPublic || entry.type == ResourceType::kPage) continue;
    const Kind kind = entry.type == ResourceType::kTag      ? Kind::kTag
                      : entry.type == ResourceType::kAuthor ? Kind::kAuthor
                                                            : Kind::kPost;
    slugs_[static_cast<std::size_t>(kind)].emplace(entry.slug.view());
  }
  return {};
}

void Resources::takePages(const Content& content) {
  for (const Entry& entry : content.entries)
    if (entry.type == ResourceType::kPage) pages_.insert(pathOf(entry.slug));
}

bool Resources::mayBeAt(std::string_view path, const Demand* demand) const {
  if (isPageAt(path)) return true;
  const std::string_view slug = lastSegment(path);
  return std::ranges::any_of(kKinds, [&](Kind kind) {
    const auto index = static_cast<std::size_t>(kind);
    if (!slugs_[index].contains(slug)) return false;
    return !demand ||
           std::ranges::any_of(demand->permalinks[index], [path](const std::string& permalink) {
             return mayComeFrom(path, permalink);
           });
  });
}

}  // namespace rollcall::checks::routes
