// Events of a MySQL or MariaDB binary log as the server sends them.
#include "daemon/db/binlog_event.h"

#include <array>
#include <functional>

#include "daemon/core/letter_case.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

using Kind = BinlogEvent::Kind;

constexpr std::string_view kSchema = "ghost";
constexpr std::array<std::string_view, 2> kTables{"posts", "tags"};

bool isWithin(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> before;
  return part.empty() || (before(whole.data(), part.data()) &&
                          before(part.data() + part.size(), whole.data() + whole.size()));
}

void check(std::string_view packet) {
  const BinlogEvent event = readBinlogEvent(packet);
  FUZZ_HOLDS(event == readBinlogEvent(packet));
  for (const std::string_view part : {event.schema, event.table, event.statement})
    FUZZ_HOLDS(isWithin(part, packet));
  FUZZ_HOLDS(event.schema.size() < 256 && event.table.size() < 256);
  FUZZ_HOLDS(event.kind == Kind::kRows || event.table.empty());
  FUZZ_HOLDS(event.kind == Kind::kStatement || event.statement.empty());

  const bool touches = mayTouch(event, kSchema, kTables);
  FUZZ_HOLDS(event.kind != Kind::kOther || !touches);
  FUZZ_HOLDS(!mayTouch(event, kSchema, {}) || event.kind == Kind::kSealed);
  const std::string schema = lowerCase(event.schema);
  const std::string table = lowerCase(event.table);
  if (event.kind == Kind::kRows)
    FUZZ_HOLDS(touches == (schema == kSchema && (table == kTables[0] || table == kTables[1])));
  if (event.kind == Kind::kSealed) FUZZ_HOLDS(touches == (schema.empty() || schema == kSchema));
  if (event.kind == Kind::kStatement) {
    const std::string statement = lowerCase(event.statement);
    const BinlogEvent lower{Kind::kStatement, schema, {}, statement};
    FUZZ_HOLDS(touches == mayTouch(lower, kSchema, kTables));
  }
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
