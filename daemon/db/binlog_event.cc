#include "daemon/db/binlog_event.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "daemon/core/letter_case.h"

namespace rollcall {
namespace {

// Numbers and layouts of the log's version 4, which every server since MySQL 5.0 writes.
constexpr std::uint8_t kQuery = 2;
constexpr std::uint8_t kTableMap = 19;
constexpr std::uint8_t kPackedTransaction = 40;  // MySQL 8.0.20
constexpr std::uint8_t kPackedQuery = 165;       // MariaDB
constexpr std::size_t kTypeAt = 4;
constexpr std::size_t kHeadBytes = 19;

// A name that a statement writes stands near its beginning; the rest may be a whole post.
constexpr std::size_t kMostOfStatement = 4096;

// Takes bytes off the front; once too few were left it only gives empty ones.
class Bytes {
 public:
  explicit Bytes(std::string_view left) : left_(left) {}

  std::string_view take(std::size_t size) {
    if (size > left_.size()) {
      short_ = true;
      left_ = {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }
  // Little endian.
  std::size_t number(std::size_t size) {
    std::size_t value = 0;
    const std::string_view taken = take(size);
    for (std::size_t i = taken.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(taken[i]);
    return value;
  }
  // A name of `size` bytes and the zero behind it.
  std::string_view name(std::size_t size) {
    const std::string_view taken = take(size);
    if (take(1) != std::string_view("\0", 1)) short_ = true;
    return taken;
  }
  std::string_view rest() { return take(left_.size()); }
  bool ranShort() const { return short_; }

 private:
  std::string_view left_;
  bool short_ = false;
};

BinlogEvent readTableMap(Bytes bytes) {
  BinlogEvent event{.kind = BinlogEvent::Kind::kRows};
  bytes.take(8);  // the table's number, flags
  event.schema = bytes.name(bytes.number(1));
  event.table = bytes.name(bytes.number(1));
  return bytes.ranShort() ? BinlogEvent{} : event;
}

BinlogEvent readQuery(Bytes bytes, BinlogEvent::Kind kind) {
  BinlogEvent event{.kind = kind};
  bytes.take(8);  // the connection's number, seconds
  const std::size_t schemaSize = bytes.number(1);
  bytes.take(2);  // an error's number
  bytes.take(bytes.number(2));
  event.schema = bytes.name(schemaSize);
  if (kind == BinlogEvent::Kind::kStatement) event.statement = bytes.rest();
  return bytes.ranShort() ? BinlogEvent{} : event;
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lowerCase(a) == lowerCase(b);
}

bool isOneOf(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view one) { return same(name, one); });
}

bool belongsToWord(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '$' || byte >= 0x80;
}

bool mayTouchByStatement(const BinlogEvent& event, std::string_view schema,
                         std::span<const std::string_view> tables) {
  bool here = same(event.schema, schema);
  bool table = false;
  std::string_view left = event.statement.substr(0, kMostOfStatement);
  while (!left.empty() && !(here && table)) {
    const auto* const end = std::ranges::find_if_not(left, belongsToWord);
    const std::string_view word = left.substr(0, static_cast<std::size_t>(end - left.begin()));
    here |= same(word, schema);
    table |= isOneOf(word, tables);
    left.remove_prefix(std::min(word.size() + 1, left.size()));
  }
  // A schema whose name is more than one word is only known as the default one.
  return here && table;
}

}  // namespace

BinlogEvent readBinlogEvent(std::string_view packet) {
  Bytes bytes(packet);
  const bool ok = bytes.number(1) == 0;
  const std::string_view head = bytes.take(kHeadBytes);
  if (bytes.ranShort() || !ok) return {};
  switch (static_cast<std::uint8_t>(head[kTypeAt])) {
    case kTableMap:
      return readTableMap(bytes);
    case kQuery:
      return readQuery(bytes, BinlogEvent::Kind::kStatement);
    case kPackedQuery:
      return readQuery(bytes, BinlogEvent::Kind::kSealed);
    case kPackedTransaction:
      return {.kind = BinlogEvent::Kind::kSealed};
    default:
      return {};
  }
}

bool mayTouch(const BinlogEvent& event, std::string_view schema,
              std::span<const std::string_view> tables) {
  switch (event.kind) {
    case BinlogEvent::Kind::kOther:
      return false;
    case BinlogEvent::Kind::kRows:
      return same(event.schema, schema) && isOneOf(event.table, tables);
    case BinlogEvent::Kind::kStatement:
      return mayTouchByStatement(event, schema, tables);
    case BinlogEvent::Kind::kSealed:
      return event.schema.empty() || same(event.schema, schema);
  }
  return false;
}

}  // namespace rollcall
