// What one event of a MySQL or MariaDB binary log says about which tables were written. Pure. Rows
// are never read; whatever cannot be understood is nothing.
#pragma once

#include <span>
#include <string_view>

namespace rollcall {

// Views point into the packet.
struct BinlogEvent {
  enum class Kind {
    kOther,      // tells of no table, or is no event
    kRows,       // rows of `table` in `schema` follow
    kStatement,  // `statement` ran, and `schema` was its default one
    kSealed,     // packed: a statement that ran in `schema`, or a transaction when that is empty
  };
  Kind kind = Kind::kOther;
  std::string_view schema;
  std::string_view table;
  std::string_view statement;

  bool operator==(const BinlogEvent&) const = default;
};

// `packet` as the server sends it after COM_BINLOG_DUMP: a status byte, then the event. Untrusted.
BinlogEvent readBinlogEvent(std::string_view packet);

// Whether the event may have written one of `tables` of `schema`. Errs on the side of yes where a
// name is hidden in a statement, but looks at the beginning of a long one only.
bool mayTouch(const BinlogEvent& event, std::string_view schema,
              std::span<const std::string_view> tables);

}  // namespace rollcall
