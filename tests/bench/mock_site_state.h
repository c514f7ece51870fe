// What the site holds now and what each pod knows of it: the control port changes it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/mock_site_posts.h"

namespace rollcall::bench {

// A published post as one looks at it: the newest state, or the one that a pod still shows.
struct PostState {
  std::int64_t published = 0;
  std::int64_t updated = 0;
  std::uint32_t revision = 0;  // how often its title was changed
};

// What a pod knows other than the database says. Numbers are those of posts.
struct PodState {
  std::set<std::uint32_t> missing;             // it does not know them
  std::set<std::uint32_t> unlisted;            // its sitemaps alone do not list them
  std::map<std::uint32_t, PostState> stale;    // pages, lists and sitemaps show this state
  std::map<std::uint32_t, PostState> oldDate;  // its sitemaps alone show this state
};

enum class Kind { kFront, kPage, kNotFound, kSitemap, kSite, kContentApi, kFile, kOther, kKinds };
std::string_view name(Kind kind);

struct Counts {
  std::array<std::uint64_t, static_cast<std::size_t>(Kind::kKinds)> byKind{};
  std::uint64_t heads = 0;  // of them, asked with HEAD
  std::uint64_t bytes = 0;  // answered
};

class SiteState {
 public:
  SiteState(Shape shape, std::size_t pods) : shape_(shape), pods_(pods), counts_(pods) {}

  const Shape& shape() const { return shape_; }
  std::uint32_t posts() const { return shape_.posts + published_; }
  // The database's state of a post below posts().
  PostState truth(std::uint32_t post) const;
  // The state that a pod shows.
  PostState shown(std::size_t pod, std::uint32_t post) const;
  std::string title(std::uint32_t post, const PostState& state) const;

  // Each returns the post and what makes the database agree. `knowing`: pods that know at once.
  std::uint32_t publish(std::int64_t now, const std::set<std::size_t>& knowing);
  void update(std::uint32_t post, std::int64_t now, const std::set<std::size_t>& knowing);
  // The pod knows the post as the database has it.
  void catchUp(std::size_t pod, std::uint32_t post);

  PodState& pod(std::size_t number) { return pods_[number]; }
  const PodState& pod(std::size_t number) const { return pods_[number]; }
  std::size_t pods() const { return pods_.size(); }
  Counts& counts(std::size_t pod) { return counts_[pod]; }
  void forgetCounts() { counts_.assign(pods_.size(), {}); }

 private:
  Shape shape_;
  std::uint32_t published_ = 0;  // since the start
  std::map<std::uint32_t, PostState> changed_;
  std::vector<PodState> pods_;
  std::vector<Counts> counts_;
};

}  // namespace rollcall::bench
