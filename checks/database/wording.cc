#include "checks/database/wording.h"

#include <fmt/format.h>

namespace rollcall::checks::database {
namespace {

Finding about(Code code, std::string message) {
  Finding finding;
  finding.def = &findings()[code];
  finding.message = std::move(message);
  finding.remedy = finding.def->remedy;
  return finding;
}

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Finding unreachable(const Error& error) {
  Finding finding = about(kRc701, error.message);
  finding.evidence["error"] = name(error.code);
  if (error.code != ErrorCode::kPermissionDenied) return finding;
  finding.cause = "the server answers; it is Rollcall's own account that it does not take";
  finding.remedy = "mend Rollcall's account or password: the grants are in Rollcall's README";
  return finding;
}

Finding readOnly(Writable writable, const Variables& variables) {
  const std::string why = whyReadOnly(variables);
  Finding finding;
  if (writable == Writable::kAuroraReader) {
    const auto server = variables.find("aurora_server_id");
    const std::string id = server == variables.end() ? "" : server->second;
    finding = about(kRc703, fmt::format("the database is the Aurora reader {} ({}): no write of "
                                        "Ghost can succeed",
                                        id, why));
    finding.cause =
        "a failover, and the name still leads to what was the writer; or it is not the "
        "cluster's writer endpoint";
    finding.evidence["aurora_server_id"] = id;
  } else {
    finding =
        about(kRc702, fmt::format("the database is read-only ({}): no write of Ghost can succeed "
                                  "unless its account is an administrator's",
                                  why));
    finding.cause = "a replica behind the writer's name, or a maintenance that was not ended";
  }
  finding.evidence["variables"] = why;
  finding.reproduce = "mysql -e \"SHOW GLOBAL VARIABLES LIKE '%read_only'\"";
  return finding;
}

Finding slow(const Beat& beat, Duration allowed) {
  Finding finding = about(
      kRc704, fmt::format("the database takes {} for a question that reads nothing, more than {}",
                          formatDuration(beat.roundTrip), formatDuration(allowed)));
  finding.evidence["round_trip_ms"] = milliseconds(beat.roundTrip);
  return finding;
}

Finding clockDrift(const Beat& beat) {
  Finding finding =
      about(kRc710, fmt::format("the database's clock is {} {} Rollcall's",
                                formatDuration(std::chrono::abs(beat.skew)),
                                beat.skew > Duration::zero() ? "ahead of" : "behind"));
  finding.evidence = {{"skew_ms", milliseconds(beat.skew)},
                      {"round_trip_ms", milliseconds(beat.roundTrip)}};
  return finding;
}

Finding fewConnections(const Connections& connections) {
  Finding finding = about(kRc705, fmt::format("{} of the database's {} connections are taken",
                                              connections.used, connections.most));
  finding.evidence = {{"threads_connected", std::to_string(connections.used)},
                      {"max_connections", std::to_string(connections.most)}};
  finding.reproduce = "mysql -e \"SHOW GLOBAL STATUS LIKE 'Threads_connected'\"";
  return finding;
}

std::string lockMessage(const Lock& lock, Duration held) {
  return fmt::format(
      "the migration lock is held, for at least {}, since {} by the clock of the pod that took it: "
      "a pod that boots now exits",
      formatDuration(held), lock.acquiredAt);
}

Finding lockHeld(const Lock& lock, Duration held) {
  Finding finding = about(kRc706, lockMessage(lock, held));
  finding.cause = "a migration that takes long, or one that died and left its lock behind";
  finding.evidence["acquired_at"] = lock.acquiredAt;
  finding.remedy =
      "see in the pods' logs whether one migrates; when none does: `UPDATE migrations_lock SET "
      "locked=0` in the database";
  return finding;
}

Finding olderPod(const std::string& pod, const std::string& version, const std::string& schema) {
  Finding finding =
      about(kRc707, fmt::format("{} runs Ghost {}, and the database was migrated by Ghost {}", pod,
                                version, schema));
  finding.pod = pod;
  finding.cause = "an update is rolling out, stopped half-way, or was undone without its database";
  finding.evidence = {{"version", version}, {"schema", schema}};
  return finding;
}

Finding mixedCollations(const Collations& collations) {
  Finding finding =
      about(kRc708, fmt::format("{} of Ghost's {} tables have other collations than {}: {}",
                                collations.others.size(), collations.tables, collations.common,
                                few(collations.others)));
  finding.evidence["common"] = collations.common;
  return finding;
}

Finding narrowTables(const Collations& collations) {
  return about(kRc709,
               fmt::format("{} of Ghost's {} tables do not use utf8mb4: {}",
                           collations.narrow.size(), collations.tables, few(collations.narrow)));
}

Finding lagging(const Newest& writer, const std::optional<Newest>& reader) {
  Finding finding = about(
      kRc711, fmt::format("the reader does not show the change of {}, which the writer has had for "
                          "{}",
                          formatTime(writer.change), formatDuration(writer.age)));
  finding.evidence["writer"] = formatTime(writer.change);
  if (reader) finding.evidence["reader"] = formatTime(reader->change);
  return finding;
}

}  // namespace rollcall::checks::database
