#include "checks/database/settings.h"

namespace rollcall::checks::database {

using namespace std::chrono_literals;

const std::vector<ParamDef>& params() {
  static const std::vector<ParamDef> table = {
      {"latency", Duration(200ms), "a question that reads nothing may take this long",
       Duration(1ms)},
      {"connections_percent", std::int64_t{80}, "so much of max_connections may be taken",
       std::int64_t{1}, std::int64_t{100}},
      {"lock_patience", Duration(10min), "a migration may take this long", Duration(0s)},
      {"clock_skew", Duration(2s), "the clocks of database and Rollcall may differ by this",
       Duration(10ms)},
      {"reader_lag", Duration(10s), "a replica may lag by this (database.reader)", Duration(1s)},
  };
  return table;
}

Limits limitsOf(const Params& params) {
  return {.latency = params.duration("latency"),
          .connectionsPercent = params.count("connections_percent"),
          .lockPatience = params.duration("lock_patience"),
          .clockSkew = params.duration("clock_skew"),
          .readerLag = params.duration("reader_lag")};
}

}  // namespace rollcall::checks::database
