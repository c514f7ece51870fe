// What the database is asked, and how a question that failed is told from one that was refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/database/rules.h"
#include "daemon/core/check.h"
#include "daemon/db/content_source.h"

namespace rollcall::checks::database {

// Asks the database for its clock `times` times, one after the other. The Error is the first that
// came.
Result<std::vector<Beat>> askBeats(const CheckContext& context, int times);

// How the server is, as far as any account may know.
struct Server {
  Variables variables;
  Variables status;
};
Result<Server> askServer(const CheckContext& context);

// A lock that is held; `age` by its own date, which is the local time of the pod that took it.
struct Lock {
  std::string acquiredAt;
  Duration age{};  // zero when it has no date
};
struct LockAnswer {
  std::optional<Lock> held;
  std::string note;  // not empty: not looked at, and why
};
Result<LockAnswer> askLock(const CheckContext& context);

struct SchemaAnswer {
  std::string version;  // "6.65"; empty when it is not known
  std::string note;
};
Result<SchemaAnswer> askSchema(const CheckContext& context);

// Of the tables that Ghost has in every version, as far as the account may see them.
Result<Collations> askCollations(const CheckContext& context);

// The newest change in a database, and how old it is by that database's clock.
struct Newest {
  WallTime change{};
  Duration age{};
};
// nullopt: nothing has a date.
Result<std::optional<Newest>> askNewest(ContentSource& source, const CheckContext& context);

}  // namespace rollcall::checks::database
