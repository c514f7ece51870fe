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

}  // namespace rollcall
