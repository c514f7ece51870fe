#include "daemon/db/content_source.h"

namespace rollcall {

std::string_view name(ResourceType type) {
  switch (type) {
    case ResourceType::kPost:
      return "post";
    case ResourceType::kPage:
      return "page";
    case ResourceType::kTag:
      return "tag";
    case ResourceType::kAuthor:
      return "author";
  }
  return "post";
}

bool isAboutOneTable(const Error& why, ContentSource& content, Deadline deadline,
                     std::stop_token stop) {
  if (why.code != ErrorCode::kPermissionDenied && why.code != ErrorCode::kNotFound) return false;
  return content.rows("SELECT 1", deadline, stop).has_value();
}

}  // namespace rollcall
