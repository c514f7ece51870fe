#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// `text` as Content-Encoding: gzip wants it; empty when zlib has no memory.
std::string packGzip(std::string_view text);

}  // namespace rollcall
