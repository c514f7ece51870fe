// Whether a pod guards its pages with the site's password. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/topology.h"
#include "daemon/db/content_source.h"
#include "daemon/net/http_client.h"

namespace rollcall::checks::privacy {

// Without its trailing slash no page has this address: Ghost redirects to the address with the
// slash, and before that, in private mode, to /private/. Neither renders anything or asks the
// database.
inline constexpr std::string_view kProbePath = "/rollcall-private-mode";

enum class Shown {
  kPublic,   // pages are shown to everybody
  kPrivate,  // readers are sent to /private/ to type the password
  kUnclear,  // a redirect that is no business of private mode: it comes before it
  kUnseen,   // no answer, or an error
};

struct Sight {
  Shown shown = Shown::kUnseen;
  int status = 0;  // 0 = no answer
  Error why = {};  // of kUnseen and kUnclear
};

// What the answer to kProbePath says.
Sight ofProbe(const Site& site, const Result<HttpResponse>& answer);
// What the answer of the front page says; kPublic only when it was really shown, or is not there.
Sight ofFront(const Site& site, const Result<HttpResponse>& answer);

// The row of `is_private` with the database's clock: columns value, updated_at, now.
struct Mode {
  bool isPrivate = false;
  std::optional<WallTime> changed;
  WallTime now{};

  // The switch is the same one; the clock may have moved on.
  bool sameAs(const Mode& other) const {
    return isPrivate == other.isPrivate && changed == other.changed;
  }
  // How long a difference is still one that settles; not positive when it is not.
  Duration settling(Duration settle) const;
};
// No row is a public site, as Ghost takes it.
Mode modeOf(const std::vector<Row>& rows);

}  // namespace rollcall::checks::privacy
