// What the database says of the addresses that a pod may list or answer besides its routes.
#pragma once

#include <array>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "checks/routes/comparison.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::routes {

class Resources {
 public:
  // Two small SELECTs: whether the site is private, and the pages.
  Result<void> readPages(ContentSource& source, Deadline deadline, std::stop_token stop);
  // Everything that is public: for a second look only.
  Result<void> readAll(ContentSource& source, Deadline deadline, std::stop_token stop);

  bool isPrivate() const { return isPrivate_; }
  // Whether there is, or lately was, a page at this path.
  bool isPageAt(std::string_view path) const { return pages_.contains(path); }
  // Whether a page, or something public by the file's permalinks, may be what answers at this path.
  // Without the file permalinks may be anything. After readAll().
  bool mayBeAt(std::string_view path, const Demand* demand) const;

 private:
  void takePages(const Content& content);

  bool isPrivate_ = false;
  std::set<std::string, std::less<>> pages_;                 // paths
  std::array<std::set<std::string, std::less<>>, 3> slugs_;  // by Kind, of what is public
};

}  // namespace rollcall::checks::routes
