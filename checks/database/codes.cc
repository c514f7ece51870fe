#include "checks/database/codes.h"

namespace rollcall::checks::database {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC701", Severity::kCritical, "the database does not answer Rollcall",
       "Refused, no answer in time, or the account is refused: the finding says which. Pods that "
       "lost it too are told by RC104; where there is none, it is Rollcall's own way or account.",
       "look after the database and the network to it; check Rollcall's database settings"},
      {"RC702", Severity::kCritical, "the database is read-only",
       "Readers are served, but nobody can sign in, publish or subscribe: every write of Ghost "
       "fails. A replica stands behind the writer's name, or a maintenance was not ended.",
       "point Ghost's database host at the writer, or as an administrator SET GLOBAL "
       "read_only=OFF"},
      {"RC703", Severity::kCritical, "the writer's name leads to an Aurora reader",
       "The server runs Aurora with innodb_read_only: after a failover the name Ghost uses still "
       "leads to what is a reader now, or Ghost was given an instance's or the reader's endpoint.",
       "give Ghost (and Rollcall) the cluster's writer endpoint; after a failover restart the pods "
       "one "
       "by one"},
      {"RC704", Severity::kWarning, "the database is slow to answer",
       "Even the fastest of several questions that read nothing took longer than the setting "
       "`latency`: the server is overloaded or far away. A page of Ghost asks it a dozen times.",
       "SHOW PROCESSLIST on the database; keep it in the zone of the pods"},
      {"RC705", Severity::kWarning, "the database runs out of connections",
       "When max_connections is reached, pods get \"Too many connections\" and answer 500. Each "
       "pod's pool takes up to 10 (Ghost's database.pool.max).",
       "raise max_connections, lower database.pool.max, or find who holds them: SHOW PROCESSLIST"},
      {"RC706", Severity::kWarning, "the migration lock is held",
       "A migration runs, or died and left its lock behind. As long as it is held every pod that "
       "boots exits; it is never released by itself.",
       "when no pod migrates: UPDATE migrations_lock SET locked=0"},
      {"RC707", Severity::kWarning, "a pod runs an older Ghost than the database",
       "The database was migrated by a newer Ghost than the pod runs: an update is rolling out, or "
       "stopped half-way, or was undone. Such a pod will not boot again.",
       "finish the update: kubectl rollout status deployment"},
      {"RC708", Severity::kWarning, "Ghost's tables differ in their collation",
       "Joins between them fail (\"Illegal mix of collations\"), and an update of Ghost fails when "
       "it adds a foreign key. It comes from restoring or upgrading a database whose default "
       "changed.",
       "before the next update, with a backup: ALTER TABLE NAME CONVERT TO CHARACTER SET utf8mb4 "
       "COLLATE the common one"},
      {"RC709", Severity::kWarning, "tables of Ghost do not use utf8mb4",
       "Other character sets cannot hold every character: a title with an emoji is refused or "
       "mangled.",
       "with a backup: ALTER TABLE NAME CONVERT TO CHARACTER SET utf8mb4"},
      {"RC710", Severity::kWarning, "the clocks of the database and Rollcall differ",
       "Ghost compares its own clock with dates in the database: scheduled posts come early or "
       "late, tokens are refused. Which of the two is wrong is not known.",
       "see that NTP runs on the database's and the pods' machines"},
      {"RC711", Severity::kWarning, "the replica lags behind",
       "What the writer has had for a while is not on the configured reader.",
       "SHOW REPLICA STATUS on the reader"},
  };
  return table;
}

}  // namespace rollcall::checks::database
