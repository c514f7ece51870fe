// What both clients on libcurl need: owners of its handles and small helpers.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace rollcall {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;
using List = std::unique_ptr<curl_slist, FreeList>;

template <class T>
T infoOf(CURL* easy, CURLINFO info) {
  T value{};
  curl_easy_getinfo(easy, info, &value);
  return value;
}

inline bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// Text that came from outside, short and printable.
inline std::string quotable(std::string_view text) {
  constexpr std::size_t kMost = 160;
  std::string safe(text.substr(0, kMost));
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return safe;
}

// No child process inherits a connection.
inline curl_socket_t openSocket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// What the library says of a certificate that is for another host.
inline bool saysOtherHost(std::string_view detail) {
  return detail.find("target host name") != std::string_view::npos;
}

// The server's own certificate, PEM, where CURLOPT_CERTINFO was set; empty when it showed none.
inline std::string leafCertificate(CURL* easy) {
  constexpr std::string_view kKey = "Cert:";
  const auto* const chain = infoOf<curl_certinfo*>(easy, CURLINFO_CERTINFO);
  if (!chain || chain->num_of_certs <= 0) return "";
  for (const curl_slist* line = chain->certinfo[0]; line; line = line->next)
    if (std::string_view(line->data).starts_with(kKey)) return line->data + kKey.size();
  return "";
}

}  // namespace rollcall
