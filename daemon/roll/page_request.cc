#include "daemon/roll/page_request.h"

namespace rollcall::roll {
namespace {

constexpr std::size_t kPageBytes = 64u << 20;   // read of a page at most,
constexpr std::size_t kKeptBytes = 256u << 10;  // and kept: the head tells whose page it is

}  // namespace

PodRequest pageRequest(std::string path, bool isPublic, Reason reason) {
  PodRequest request;
  request.path = std::move(path);
  request.reason = reason;
  request.paced = true;
  request.maxBytes = kPageBytes;
  request.keepBytes = kKeptBytes;
  request.keepFine = !isPublic;
  return request;
}

}  // namespace rollcall::roll
