// What the server's answers mean. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::database {

using Variables = std::map<std::string, std::string>;  // names in lower case

// Rows of (name, value), as SHOW VARIABLES gives them.
Variables readVariables(const std::vector<Row>& rows);

enum class Writable { kYes, kReadOnly, kAuroraReader, kUnknown };
// A server without the variable read_only says nothing.
Writable writableOf(const Variables& variables);
// The variables that make it read-only: "read_only=ON, super_read_only=ON".
std::string whyReadOnly(const Variables& variables);

// One question that reads nothing, timed.
struct Beat {
  Duration roundTrip{};
  Duration skew{};  // the database's clock less ours, as of the middle of the round trip
};
// `before` and `after` are our clock around the question.
Beat beatOf(WallTime database, WallTime before, WallTime after, Duration roundTrip);
// The one with the shortest round trip; `beats` is not empty.
Beat fastest(const std::vector<Beat>& beats);
// Whether the clocks differ by more than `allowed` wherever in the round trip the clock was read.
bool clocksDiffer(const Beat& beat, Duration allowed);

struct Connections {
  std::uint64_t used = 0;
  std::uint64_t most = 0;
};
std::optional<Connections> connectionsOf(const Variables& status, const Variables& variables);
bool nearLimit(const Connections& connections, std::uint64_t percent);

// How long a lock is held at least that looks `age` old by the database's UTC, and is dated in the
// local time of some pod: a lock of this moment looks five hours old where New York's clock rules.
Duration heldInEveryTimeZone(Duration age);

// How the columns with text of Ghost's tables are collated.
struct Collations {
  std::size_t tables = 0;
  std::string common;               // what most columns have; empty when there are none
  std::vector<std::string> others;  // "posts (utf8mb4_unicode_ci)", each table once, sorted
  std::vector<std::string> narrow;  // likewise those whose character set is not utf8mb4
};
// From rows of (table, collation, number of columns).
Collations readCollations(const std::vector<Row>& rows);
bool isWell(const Collations& collations);
// As `later` says, but of what is amiss only what `before` said too.
Collations agreed(const Collations& before, const Collations& later);

// The first few of `names` and how many more there are: "a, b and 3 more".
std::string few(const std::vector<std::string>& names);

}  // namespace rollcall::checks::database
