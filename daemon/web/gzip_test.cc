#include "daemon/web/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace rollcall {
namespace {

std::string unpack(std::string packed, std::size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string text(size, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  return text;
}

TEST(PackGzip, GivesBackWhatWasPacked) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(i * 7919 >> 5);
  for (const std::string& one : {std::string("a"), text, std::string(1'000'000, 'x')})
    EXPECT_EQ(unpack(packGzip(one), one.size()), one);
}

TEST(PackGzip, MakesAPageMuchSmaller) {
  EXPECT_LT(packGzip(std::string(1'000'000, 'x')).size(), 10'000u);
}

}  // namespace
}  // namespace rollcall
