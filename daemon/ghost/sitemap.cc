#include "daemon/ghost/sitemap.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "daemon/core/byte_scan.h"

namespace rollcall::ghost {
namespace {

constexpr std::size_t kMaxTagBytes = 8'192;

bool isSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

const char* find(const char* from, const char* end, char wanted) {
  const void* at = std::memchr(from, wanted, static_cast<std::size_t>(end - from));
  return at ? static_cast<const char*>(at) : end;
}

bool isNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A part of the document for an error message: printable ASCII, short.
std::string quoted(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 40)) shown += c > ' ' && c < 0x7f ? c : '?';
  return shown;
}

// Writes `code` as UTF-8 at `to` and returns the end; null for what XML forbids.
char* putUtf8(char* to, std::uint32_t code) {
  const bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
  if (control || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return nullptr;
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *to++ = static_cast<char>(0xC0 | (code >> 6));
    *to++ = tail(0);
  } else if (code < 0x10000) {
    *to++ = static_cast<char>(0xE0 | (code >> 12));
    *to++ = tail(6);
    *to++ = tail(0);
  } else {
    *to++ = static_cast<char>(0xF0 | (code >> 18));
    *to++ = tail(12);
    *to++ = tail(6);
    *to++ = tail(0);
  }
  return to;
}

// Writes what the reference ("amp", "#39", "#x27") stands for; null when it is none we accept.
// Never writes more bytes than the reference has with its '&' and ';'.
char* putReference(char* to, std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [entity, c] : kNamed)
    if (name == entity) return *to = c, to + 1;
  if (name.size() < 2 || name[0] != '#') return nullptr;
  const bool hex = name[1] == 'x';
  const char* first = name.data() + (hex ? 2 : 1);
  const char* last = name.data() + name.size();
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(first, last, code, hex ? 16 : 10);
  return error == std::errc() && end == last && first != last ? putUtf8(to, code) : nullptr;
}

// Whether `text` holds a byte that XML 1.0 does not allow.
bool hasControl(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 && !isSpace(c)) return true;
  return false;
}

// The text up to the next tag, when nothing in it needs decoding or trimming.
std::optional<std::string_view> plainText(std::string_view text, std::size_t maxBytes) {
  text = text.substr(0, text.find('<'));
  if (text.empty() || text.size() > maxBytes) return std::nullopt;
  const bool plain =
      noByte(text, [](EightBytes eight) { return eight.below(0x21) | eight.equal('&'); });
  return plain ? std::optional(text) : std::nullopt;
}

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "<url><loc>...</loc><lastmod>...</lastmod></url>"; `next` is behind it, null for anything else.
struct PlainEntry {
  std::string_view loc, lastmod;
  const char* next = nullptr;
};

PlainEntry plainEntry(const char* at, const char* end, std::size_t maxBytes) {
  std::string_view rest(at, static_cast<std::size_t>(end - at));
  if (!skip(rest, "<url><loc>")) return {};
  const auto loc = plainText(rest, maxBytes);
  if (!loc) return {};
  rest.remove_prefix(loc->size());
  if (!skip(rest, "</loc><lastmod>")) return {};
  const auto lastmod = plainText(rest, maxBytes);
  if (!lastmod) return {};
  rest.remove_prefix(lastmod->size());
  if (!skip(rest, "</lastmod></url>")) return {};
  return {*loc, *lastmod, rest.data()};
}

}  // namespace

// Text between tags is skipped with memchr unless it belongs to <loc> or <lastmod>; a tag that lies
// whole in a piece is read in place, otherwise it is gathered in `markup_`.
struct SitemapReader::Impl {
  Impl(Limits limitsGiven, OnEntry onEntryGiven)
      : limits(limitsGiven), onEntry(std::move(onEntryGiven)) {}

  bool feed(std::string_view piece);
  Result<std::uint64_t> finish();

  enum class State { kText, kMarkup, kTag, kComment, kCdata, kInstruction };

  const char* wholeEntries(const char* at, const char* end);
  const char* text(const char* at, const char* end);
  const char* markup(const char* at, const char* end);
  const char* tag(const char* at, const char* end);
  const char* skipTo(const char* at, const char* end, std::string_view close);
  const char* cdata(const char* at, const char* end);
  bool beginCdata();
  bool onTag(std::string_view inner);
  bool onOpen(std::string_view name);
  bool onRoot(std::string_view name);
  bool onClose(std::string_view name);
  bool onEntryEnd();
  bool keep(const char* from, const char* to);
  bool decodeTail();
  bool fail(std::string message);

  Limits limits;
  OnEntry onEntry;
  State state = State::kText;
  std::string error;
  bool index = false;
  bool rootSeen = false;
  bool started = false;  // past a byte order mark
  int depth = 0;
  std::string names;  // of the open elements, one after the other
  std::array<std::size_t, 64> nameAt{};
  std::string markupBytes;     // what has come of an unfinished tag
  char quote = 0;              // inside an attribute's value
  std::array<char, 2> last{};  // the bytes before the present one, for "-->" and "]]>"
  bool inEntry = false;
  std::string* capture = nullptr;  // &loc or &lastmod
  std::size_t decoded = 0;         // how much of *capture is final
  std::string loc;
  std::string lastmod;
  std::uint64_t entries = 0;
};

bool SitemapReader::Impl::fail(std::string message) {
  if (error.empty()) error = std::move(message);
  return false;
}

bool SitemapReader::Impl::feed(std::string_view piece) {
  if (!error.empty()) return false;
  const char* at = piece.data();
  const char* end = at + piece.size();
  while (at != end && error.empty()) {
    switch (state) {
      case State::kText:
        if (depth == 1 && !index) at = wholeEntries(at, end);
        if (at != end && error.empty()) at = text(at, end);
        break;
      case State::kMarkup:
        at = markup(at, end);
        break;
      case State::kTag:
        at = tag(at, end);
        break;
      case State::kComment:
        at = skipTo(at, end, "--");
        break;
      case State::kInstruction:
        at = skipTo(at, end, "?");
        break;
      case State::kCdata:
        at = cdata(at, end);
        break;
    }
  }
  return error.empty();
}

// Takes entries as Ghost writes nearly all of them, as long as they lie whole in the piece and hold
// nothing that needs a closer look; what follows is left to the slow way, which is as right.
const char* SitemapReader::Impl::wholeEntries(const char* at, const char* end) {
  while (error.empty()) {
    const PlainEntry entry = plainEntry(at, end, limits.maxTextBytes);
    if (entry.next == nullptr) break;
    at = entry.next;
    if (++entries > limits.maxEntries)
      return fail("it has more than " + std::to_string(limits.maxEntries) + " entries"), end;
    onEntry({entry.loc, entry.lastmod});
  }
  return at;
}

const char* SitemapReader::Impl::text(const char* at, const char* end) {
  const char* open = find(at, end, '<');
  if (capture) {
    if (!keep(at, open)) return end;
  } else if (depth == 0) {
    for (; at != open; ++at) {
      const auto byte = static_cast<unsigned char>(*at);
      const bool mark = !started && (byte == 0xEF || byte == 0xBB || byte == 0xBF);
      if (!mark && !isSpace(*at)) return fail("it is not XML"), end;
    }
  }
  if (open == end) return end;
  started = true;
  markupBytes.clear();
  state = State::kMarkup;
  return open + 1;
}

// Decides what a '<' opens, from as many bytes as that takes.
const char* SitemapReader::Impl::markup(const char* at, const char* end) {
  static constexpr std::string_view kCdataOpen = "![CDATA[";
  for (; at != end; ++at) {
    if (markupBytes.empty() && *at != '!' && *at != '?') return state = State::kTag, at;
    markupBytes += *at;
    last = {};
    if (markupBytes == "?") return state = State::kInstruction, at + 1;
    if (markupBytes == "!--") return state = State::kComment, at + 1;
    if (markupBytes == kCdataOpen) return beginCdata() ? at + 1 : end;
    if (markupBytes == "!-" || kCdataOpen.substr(0, markupBytes.size()) == markupBytes) continue;
    return fail("it has a DOCTYPE or another declaration, which sitemaps never have"), end;
  }
  return at;
}

const char* SitemapReader::Impl::tag(const char* at, const char* end) {
  const char* from = at;
  for (; at != end; ++at) {
    const char c = *at;
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      break;
    } else if (c == '<') {
      return fail("it has a '<' inside a tag"), end;
    }
  }
  const std::string_view part(from, static_cast<std::size_t>(at - from));
  if (markupBytes.size() + part.size() > kMaxTagBytes) return fail("it has an endless tag"), end;
  if (at == end || !markupBytes.empty()) markupBytes += part;
  if (at == end) return end;
  state = State::kText;
  return onTag(markupBytes.empty() ? part : std::string_view(markupBytes)) ? at + 1 : end;
}

// Skips to the '>' that follows `close`, which has one or two bytes.
const char* SitemapReader::Impl::skipTo(const char* at, const char* end, std::string_view close) {
  const char* const from = at;
  const auto before = [&](const char* where, std::ptrdiff_t back) {
    const std::ptrdiff_t offset = where - from - back;
    return offset >= 0    ? from[offset]
           : offset >= -2 ? last[static_cast<std::size_t>(2 + offset)]
                          : '\0';
  };
  for (;; ++at) {
    at = find(at, end, '>');
    if (at == end) break;
    if (before(at, 1) == close.back() && (close.size() == 1 || before(at, 2) == close.front()))
      return state = State::kText, at + 1;
  }
  last = {before(end, 2), before(end, 1)};
  return end;
}

bool SitemapReader::Impl::beginCdata() {
  if (depth == 0) return fail("it has text outside of its root element");
  state = State::kCdata;
  return !capture || decodeTail();
}

// Keeps the text, "]]" included, and takes "]]" off again when '>' follows.
const char* SitemapReader::Impl::cdata(const char* at, const char* end) {
  const char* const next = skipTo(at, end, "]]");
  if (!capture) return next;
  const bool closed = state == State::kText;
  if (!keep(at, closed ? next - 1 : next)) return end;
  if (closed) capture->resize(capture->size() - 2);
  decoded = capture->size();
  return next;
}

bool SitemapReader::Impl::keep(const char* from, const char* to) {
  const auto size = static_cast<std::size_t>(to - from);
  if (capture->size() + size > limits.maxTextBytes) return fail("it has an endless text");
  if (hasControl({from, size})) return fail("it has control characters");
  capture->append(from, size);
  return true;
}

// Replaces the references in what has been captured since `decoded`, in place: the result is never
// longer than its source.
bool SitemapReader::Impl::decodeTail() {
  char* const begin = capture->data();
  char* const end = begin + capture->size();
  char* to = begin + decoded;
  to = const_cast<char*>(find(to, end, '&'));
  for (const char* at = to; at != end;) {
    if (*at != '&') {
      *to++ = *at++;
      continue;
    }
    const char* close = find(at, end, ';');
    const std::string_view name(at + 1, static_cast<std::size_t>(close - at - (close != at)));
    char* const put = close == end ? nullptr : putReference(to, name);
    if (!put) return fail("it uses the entity &" + quoted(name) + ", which sitemaps never need");
    to = put;
    at = close + 1;
  }
  capture->resize(static_cast<std::size_t>(to - begin));
  decoded = capture->size();
  return true;
}

bool SitemapReader::Impl::onTag(std::string_view inner) {
  const bool close = !inner.empty() && inner[0] == '/';
  if (close) inner.remove_prefix(1);
  std::size_t length = 0;
  while (length < inner.size() && !isSpace(inner[length]) && inner[length] != '/') ++length;
  const std::string_view name = inner.substr(0, length);
  if (name.empty() || !isNameStart(name[0])) return fail("it has a tag without a name");
  if (close)
    return trim(inner.substr(length)).empty() ? onClose(name) : fail("it has a malformed tag");
  return onOpen(name) && (inner.back() != '/' || onClose(name));
}

bool SitemapReader::Impl::onRoot(std::string_view name) {
  if (rootSeen) return fail("it has more than one root element");
  rootSeen = true;
  index = name == "sitemapindex";
  return index || name == "urlset" ||
         fail("it is no sitemap, its root element is <" + quoted(name) + ">");
}

bool SitemapReader::Impl::onOpen(std::string_view name) {
  if (capture) return fail("it has a tag inside <loc> or <lastmod>");
  if (depth >= limits.maxDepth || depth >= static_cast<int>(nameAt.size()))
    return fail("its elements are nested too deeply");
  if (depth == 0 && !onRoot(name)) return false;
  if (depth == 1) {
    inEntry = name == (index ? "sitemap" : "url");
    loc.clear();
    lastmod.clear();
  } else if (depth == 2 && inEntry) {
    capture = name == "loc" ? &loc : name == "lastmod" ? &lastmod : nullptr;
    if (capture && !capture->empty())
      return fail("it has an entry with two <" + quoted(name) + ">");
    decoded = 0;
  }
  nameAt[static_cast<std::size_t>(depth++)] = names.size();
  names += name;
  return true;
}

bool SitemapReader::Impl::onClose(std::string_view name) {
  if (depth == 0) return fail("it closes an element that is not open");
  const std::size_t at = nameAt[static_cast<std::size_t>(--depth)];
  if (std::string_view(names).substr(at) != name)
    return fail("it closes <" + quoted(name) + "> where another element is open");
  names.resize(at);
  if (capture) {
    const bool good = decodeTail();
    capture = nullptr;
    return good;
  }
  return depth != 1 || !inEntry || onEntryEnd();
}

bool SitemapReader::Impl::onEntryEnd() {
  inEntry = false;
  const std::string_view where = trim(loc);
  if (where.empty()) return fail("it has an entry without <loc>");
  if (++entries > limits.maxEntries)
    return fail("it has more than " + std::to_string(limits.maxEntries) + " entries");
  onEntry({where, trim(lastmod)});
  return true;
}

Result<std::uint64_t> SitemapReader::Impl::finish() {
  if (error.empty() && !rootSeen) fail("it is empty");
  if (error.empty() && (depth != 0 || state != State::kText)) fail("it ends in the middle");
  if (!error.empty()) return Error{ErrorCode::kProtocol, error};
  return entries;
}

SitemapReader::SitemapReader(Limits limits, OnEntry onEntry)
    : impl_(std::make_unique<Impl>(limits, std::move(onEntry))) {}
SitemapReader::~SitemapReader() = default;

bool SitemapReader::feed(std::string_view piece) {
  return impl_->feed(piece);
}
Result<std::uint64_t> SitemapReader::finish() {
  return impl_->finish();
}
bool SitemapReader::isIndex() const {
  return impl_->index;
}

namespace {

// Takes `digits` digits off the front.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return {};
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

// "-MM" and "-DD"; 1 when the text has ended before.
std::optional<int> takeDatePart(std::string_view& text) {
  if (text.empty()) return 1;
  if (!skip(text, '-')) return {};
  return take(text, 2);
}

// "hh:mm" with optional seconds and fraction, as seconds.
std::optional<std::int64_t> takeTime(std::string_view& text) {
  const auto hour = take(text, 2);
  if (!hour || *hour > 23 || !skip(text, ':')) return {};
  const auto minute = take(text, 2);
  if (!minute || *minute > 59) return {};
  int second = 0;
  if (skip(text, ':')) {
    const auto seconds = take(text, 2);
    if (!seconds || *seconds > 60) return {};
    second = *seconds;
    if (skip(text, '.')) {
      if (!take(text, 1)) return {};
      while (take(text, 1)) {
      }
    }
  }
  return *hour * 3600 + *minute * 60 + second;
}

// "Z" or "+hh:mm", as seconds east of UTC; must be the rest.
std::optional<std::int64_t> zone(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return {};
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto offset = takeTime(text);
  if (!offset) return {};
  return sign * *offset;
}

}  // namespace

std::optional<std::int64_t> parseLastmod(std::string_view text) {
  const auto year = take(text, 4);
  if (!year) return {};
  const std::size_t before = text.size();
  const auto month = takeDatePart(text);
  if (!month) return {};
  const auto day = takeDatePart(text);
  if (!day) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  const std::int64_t midnight = std::chrono::sys_days(date).time_since_epoch().count() * 86'400LL;
  if (text.empty()) return midnight;
  if (before - text.size() != 6 || !skip(text, 'T')) return {};
  const auto time = takeTime(text);
  if (!time) return {};
  const auto offset = zone(text);
  if (!offset) return {};
  return midnight + *time - *offset;
}

}  // namespace rollcall::ghost
