// Base64 with '-' and '_' and without padding (RFC 4648, section 5): fit for a token and for a
// part of a URL. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

std::string base64Url(std::string_view bytes);

}  // namespace rollcall
