#include "daemon/core/url_path.h"

namespace rollcall {

std::string_view pathOfLink(std::string_view link) {
  link = link.substr(0, link.find_first_of("?#"));
  const std::size_t scheme = link.find("://");
  if (scheme == std::string_view::npos || link.find('/') < scheme) return link;
  const std::size_t slash = link.find('/', scheme + 3);
  return slash == std::string_view::npos ? "/" : link.substr(slash);
}

std::string_view lastSegment(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

std::string_view withoutSlash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace rollcall
