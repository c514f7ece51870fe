// The rows of Ghost's tables that say what the mock site holds, as SQL.
#pragma once

#include <cstdio>
#include <string>

#include "tests/bench/mock_site_state.h"

namespace rollcall::bench {

// The Content API key that the rows hold and the pods take.
inline constexpr std::string_view kContentKey = "22444f78447824223cefc48062";

// Writes the tables that Rollcall reads, and everything in them, with batched INSERTs.
void writeTables(std::FILE* out);
void writeRows(const Shape& shape, std::FILE* out);

// One statement (or two) that makes the database agree with what was published or updated.
std::string sqlOfPublished(const SiteState& site, std::uint32_t post);
std::string sqlOfUpdated(const SiteState& site, std::uint32_t post);

}  // namespace rollcall::bench
