// What may be told to whoever can reach the daemon: nothing that tells the address of a draft or of
// a scheduled post. Pure.
#pragma once

#include "daemon/core/report.h"

namespace rollcall {

// As it is when public (finding_traits.h); else without address, slug, cause and command: what it
// is and whose id.
Finding publicForm(const Finding& finding);
// Each finding in its public form, and no others.
Report publicForm(Report report);

}  // namespace rollcall
