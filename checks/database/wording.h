// How the database check's findings read. Pure.
#pragma once

#include <optional>
#include <string>

#include "checks/database/codes.h"
#include "checks/database/questions.h"
#include "checks/database/rules.h"
#include "daemon/core/finding.h"

namespace rollcall::checks::database {

Finding unreachable(const Error& error);
// `writable` is kReadOnly or kAuroraReader.
Finding readOnly(Writable writable, const Variables& variables);
Finding slow(const Beat& beat, Duration allowed);
Finding clockDrift(const Beat& beat);
Finding fewConnections(const Connections& connections);
// `held` is for how long at least.
std::string lockMessage(const Lock& lock, Duration held);
Finding lockHeld(const Lock& lock, Duration held);
Finding olderPod(const std::string& pod, const std::string& version, const std::string& schema);
Finding mixedCollations(const Collations& collations);
Finding narrowTables(const Collations& collations);
// `reader` is unset when the reader shows no change at all.
Finding lagging(const Newest& writer, const std::optional<Newest>& reader);

}  // namespace rollcall::checks::database
