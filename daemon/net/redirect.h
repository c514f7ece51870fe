// Which answers lead elsewhere. Pure.
#pragma once

namespace rollcall {

// A status whose Location is another address to ask (RFC 9110, 15.4); 300 and 304 are not.
constexpr bool isRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace rollcall
