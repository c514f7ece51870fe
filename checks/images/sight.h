// What a pod's answer says of a file. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/net/http_client.h"

namespace rollcall::checks::images {

enum class Got {
  kServed,   // 200, or 206 for the byte that was asked for
  kMissing,  // 404
  kFailing,  // 403 or 5xx
  kUnclear,  // a redirect or 400: something answers before the content folder does
  kUnknown,  // no answer, or one that says nothing
};

struct Sight {
  Got got = Got::kUnknown;
  int status = 0;
  // Of kServed, as far as the answer tells. Ghost's ETag is the file's size and date in
  // hexadecimal; of any other form only its text is compared.
  std::optional<std::uint64_t> size;
  std::string etag;
  std::optional<WallTime> changed;
  Error why = {};  // of kUnknown

  // Whether both are certainly of one version.
  bool sameVersion(const Sight& other) const { return size == other.size && etag == other.etag; }
};

// The answer to a GET of one byte.
Sight sightOf(const Result<HttpResponse>& answer);

}  // namespace rollcall::checks::images
