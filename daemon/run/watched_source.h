// A ContentSource that remembers how the last look at the database went, for the report.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/db/content_source.h"

namespace rollcall {

// Shared by the sources of several threads. Thread-safe.
class DatabaseSight {
 public:
  // How the last query ended; nullopt before the first.
  std::optional<bool> up() const;
  // The site's title; empty before the settings were read once.
  std::string title() const;

  void saw(bool answered);
  void sawTitle(const std::string& title);

 private:
  mutable std::mutex mutex_;
  std::optional<bool> up_;
  std::string title_;
};

// Hands every call on to `inner` and tells `sight`. A query that was cancelled, or that began after
// its deadline, says nothing about the database and is not told.
std::unique_ptr<ContentSource> watchSource(const Clock& clock, std::unique_ptr<ContentSource> inner,
                                           DatabaseSight& sight);

}  // namespace rollcall
