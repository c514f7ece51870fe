// Uploads of an image through pods, and who serves them. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/net/http_client.h"

namespace rollcall::checks::canary {

// An icon of one pixel. Ghost stores icons as they come; of a PNG it would store a second one.
std::string_view icon();

struct Form {
  std::string contentType;
  std::string body;
};
// multipart/form-data with the icon as the file `name`.
Form formFor(std::string_view name);

struct UploadSight {
  enum class Kind {
    kStored,
    kFailed,  // 500: Ghost could not store it
    kSilent,  // no answer in time
    kUnseen,  // it boots, cannot be reached, refuses the key, ...
  };
  Kind kind = Kind::kUnseen;
  int status = 0;
  std::string path = {};  // of kStored, below the site; empty when it is kept elsewhere
  std::string said = {};  // of kFailed: Ghost's message
  Error why = {};         // of kSilent and kUnseen
};
// `name` is the one it was uploaded by, which nobody else uses.
UploadSight uploadSightOf(const Result<HttpResponse>& answer, std::string_view name);

// What an answer to the question for an uploaded icon says.
struct Fetch {
  enum class Kind { kServed, kMissing, kFailing, kUnseen };
  Kind kind = Kind::kUnseen;
  std::string said = {};  // of kFailing: Ghost's message
  Error why = {};         // of kUnseen
  bool asked = false;

  bool isWrong() const { return kind == Kind::kMissing || kind == Kind::kFailing; }
};
Fetch fetchOf(const Result<HttpResponse>& answer);
// fetched[i][j]: what pod j says of the upload through pod i.
using Fetched = std::vector<std::vector<Fetch>>;

// "EROFS" in "EROFS: read-only file system, copyfile ..."; empty when there is none.
std::string_view errnoIn(std::string_view said);

struct Parted {
  // By pod that is apart from the others: (through, missing on) of each upload that tells.
  std::map<std::size_t, std::vector<std::pair<std::size_t, std::size_t>>> apart;
  // The pods are in parts of equal size: nobody can tell which is right.
  std::vector<std::pair<std::size_t, std::size_t>> undecided;
};
// Only what was served or is missing tells.
Parted part(const Fetched& fetched);

}  // namespace rollcall::checks::canary
