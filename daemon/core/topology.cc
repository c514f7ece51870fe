#include "daemon/core/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "daemon/core/letter_case.h"

namespace rollcall {
namespace {

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Error badUrl(std::string_view text, std::string_view why) {
  return invalidArgument(fmt::format("\"{}\" is not a usable URL: {}", text.substr(0, 200), why));
}

bool isForbidden(unsigned char c) {
  return c <= 0x20 || c == 0x7f || c == '\\' || c == '"';
}

std::uint16_t defaultPort(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

bool hostIsSane(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' ||
           c == ':';
  });
}

}  // namespace

std::string Url::authority() const {
  if (port == defaultPort(scheme)) return bracketed(host);
  return fmt::format("{}:{}", bracketed(host), port);
}

std::string Url::text() const {
  return fmt::format("{}://{}{}", scheme, authority(), path == "/" ? "" : path);
}

Result<Url> parseUrl(std::string_view text) {
  Url url;
  const auto colon = text.find("://");
  if (colon == std::string_view::npos)
    return badUrl(text, "it must begin with http:// or https://");
  url.scheme = lowerCase(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https")
    return badUrl(text, "it must begin with http:// or https://");
  if (text.find_first_of("?#") != std::string_view::npos)
    return badUrl(text, "leave out the query and the fragment");
  if (std::ranges::any_of(text, isForbidden))
    return badUrl(text, "it has a space or a character that no URL may have");

  std::string_view rest = text.substr(colon + 3);
  const auto slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos)
    return invalidArgument("the URL holds a user name or password: leave them out");

  std::string_view portText;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return badUrl(text, "the IPv6 address lacks its \"]\"");
    url.host = authority.substr(1, close - 1);
    portText = authority.substr(close + 1);
  } else {
    const auto port = authority.find(':');
    url.host = authority.substr(0, port);
    if (port != std::string_view::npos) portText = authority.substr(port);
    if (url.host.find(':') != std::string::npos) return badUrl(text, "write IPv6 in brackets");
  }
  url.host = lowerCase(url.host);
  if (!hostIsSane(url.host)) return badUrl(text, "the host name is missing or malformed");

  url.port = defaultPort(url.scheme);
  if (!portText.empty()) {
    unsigned port = 0;
    const auto [end, code] =
        std::from_chars(portText.data() + 1, portText.data() + portText.size(), port);
    if (portText[0] != ':' || code != std::errc() || end != portText.data() + portText.size() ||
        port == 0 || port > 65535)
      return badUrl(text, "the port must be a number from 1 to 65535");
    url.port = static_cast<std::uint16_t>(port);
  }
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.size() > 1 && url.path.back() == '/') url.path.pop_back();
  return url;
}

std::string Site::pathOf(std::string_view path) const {
  return (url.path == "/" ? std::string() : url.path) + std::string(path);
}

std::string Site::urlOf(std::string_view path) const {
  return url.text() + std::string(path);
}

std::string Pod::address() const {
  return fmt::format("{}:{}", bracketed(host), port);
}

}  // namespace rollcall
