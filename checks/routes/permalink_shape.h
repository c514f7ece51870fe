// Whether an address may come from a permalink, whatever the resource is. Pure.
#pragma once

#include <string_view>

namespace rollcall::checks::routes {

// False when no resource has this address under this permalink: another number of segments, other
// literal text, a {year} without four digits. Both below the site; the address percent-encoded or
// not. A permalink with a token that is not known may be anything.
bool mayComeFrom(std::string_view address, std::string_view permalink);

}  // namespace rollcall::checks::routes
