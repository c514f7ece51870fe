// The documents of Ghost's APIs that we read. Input is untrusted: bounded depth, strict types.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/result.h"

namespace rollcall::ghost {

// /ghost/api/admin/site/: no credentials needed, answered from memory even when the database is
// dead.
struct SiteInfo {
  std::string title;
  std::string url;      // the pod's configured url
  std::string version;  // "5.130"
};
Result<SiteInfo> parseSiteInfo(std::string_view json);

// /ghost/api/content/posts/?fields=id,slug,url: where the pod thinks its posts live.
struct Declared {
  std::string_view id;
  std::string_view slug;
  std::string_view url;  // "<site>/404/" = this pod does not route it
};
// Borrows the document it was read from.
struct DeclaredPage {
  struct Texts {
    std::string id, slug, url;
  };
  std::vector<Declared> items;
  std::uint64_t page = 1;
  std::uint64_t pages = 1;
  // What the items show where the document is not written in Ghost's own way; else null.
  std::unique_ptr<const std::vector<Texts>> texts;
};
// `type` is the document's key: "posts", "pages", "tags" or "authors".
Result<DeclaredPage> parseDeclared(std::string_view json, std::string_view type);

// The message of Ghost's error pages and API errors ("The currently active theme "x" is missing."),
// as one line of at most 200 characters without markup; empty when there is none.
std::string errorMessage(std::string_view contentType, std::string_view body);

}  // namespace rollcall::ghost
