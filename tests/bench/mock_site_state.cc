#include "tests/bench/mock_site_state.h"

#include <fmt/format.h>

namespace rollcall::bench {

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::kFront:
      return "front";
    case Kind::kPage:
      return "page";
    case Kind::kNotFound:
      return "not_found";
    case Kind::kSitemap:
      return "sitemap";
    case Kind::kSite:
      return "site";
    case Kind::kContentApi:
      return "content_api";
    case Kind::kFile:
      return "file";
    case Kind::kOther:
    case Kind::kKinds:
      break;
  }
  return "other";
}

PostState SiteState::truth(std::uint32_t post) const {
  if (const auto found = changed_.find(post); found != changed_.end()) return found->second;
  const std::int64_t published = kFirstSecond + 60 * static_cast<std::int64_t>(post);
  return {published, published, 0};
}

PostState SiteState::shown(std::size_t pod, std::uint32_t post) const {
  const auto found = pods_[pod].stale.find(post);
  return found == pods_[pod].stale.end() ? truth(post) : found->second;
}

std::string SiteState::title(std::uint32_t post, const PostState& state) const {
  const std::string first = resourceOf(shape_, Type::kPost, post).title;
  return state.revision == 0 ? first : fmt::format("{} (revision {})", first, state.revision);
}

std::uint32_t SiteState::publish(std::int64_t now, const std::set<std::size_t>& knowing) {
  const std::uint32_t post = posts();
  ++published_;
  changed_[post] = {now, now, 0};
  for (std::size_t pod = 0; pod < pods_.size(); ++pod)
    if (!knowing.contains(pod)) pods_[pod].missing.insert(post);
  return post;
}

void SiteState::update(std::uint32_t post, std::int64_t now, const std::set<std::size_t>& knowing) {
  const PostState before = truth(post);
  changed_[post] = {before.published, now, before.revision + 1};
  for (std::size_t pod = 0; pod < pods_.size(); ++pod) {
    if (knowing.contains(pod))
      catchUp(pod, post);
    else
      pods_[pod].stale.emplace(post, before);
  }
}

void SiteState::catchUp(std::size_t pod, std::uint32_t post) {
  pods_[pod].missing.erase(post);
  pods_[pod].unlisted.erase(post);
  pods_[pod].stale.erase(post);
  pods_[pod].oldDate.erase(post);
}

}  // namespace rollcall::bench
