// A line of a watch. Pure.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "daemon/k8s/api_error.h"
#include "daemon/k8s/collection.h"

namespace rollcall::k8s {

struct WatchEvent {
  enum class Kind {
    kPut,      // added or changed
    kDeleted,  // `object` is what it was last
    kBookmark  // nothing but a newer version
  };
  Kind kind;
  std::string version;                           // to go on from
  std::shared_ptr<const nlohmann::json> object;  // never null
};

// The ApiError is the event's own (410: `gone`), or kProtocol of a line that is none.
ApiResult<WatchEvent> readWatchEvent(std::string_view line, const Collection& collection);

// A version as the API gives it, fit to be sent back; empty when it is not.
std::string versionOf(const nlohmann::json& object);

// Cuts what comes in pieces into lines. A line is bounded.
class LineCutter {
 public:
  static constexpr std::size_t kMaxLine = 4u << 20;
  // Calls `take` with each line that `piece` completes, without its end. False when a line is
  // longer than kMaxLine or `take` says so.
  template <class Take>
  bool add(std::string_view piece, const Take& take) {
    while (true) {
      const auto end = piece.find('\n');
      if (begun_.size() + std::min(end, piece.size()) > kMaxLine) return false;
      begun_ += piece.substr(0, end);
      if (end == std::string_view::npos) return true;
      if (!begun_.empty() && !take(std::string_view(begun_))) return false;
      begun_.clear();
      piece.remove_prefix(end + 1);
    }
  }

 private:
  std::string begun_;
};

}  // namespace rollcall::k8s
