#include "daemon/ghost/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/core/byte_scan.h"
#include "daemon/ghost/error_message.h"

namespace rollcall::ghost {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxItems = 200'000;

// Walks a document without building it. Subclasses hear of scalars and containers with the path of
// keys that leads to them ("" for an array's elements); depth is bounded.
class Walker : public nlohmann::json_sax<json> {
 public:
  std::string error;

  bool null() override { return onScalar(nullptr, nullptr); }
  bool boolean(bool) override { return onScalar(nullptr, nullptr); }
  bool number_integer(number_integer_t) override { return onScalar(nullptr, nullptr); }
  bool number_unsigned(number_unsigned_t value) override { return onScalar(nullptr, &value); }
  bool number_float(number_float_t, const string_t&) override { return onScalar(nullptr, nullptr); }
  bool string(string_t& value) override { return onScalar(&value, nullptr); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return start(true); }
  bool end_object() override { return end(true); }
  bool start_array(std::size_t) override { return start(false); }
  bool end_array() override { return end(false); }
  bool key(string_t& name) override {
    path.back() = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return fail("it is not valid JSON at byte " + std::to_string(position));
  }

 protected:
  virtual bool onScalar(std::string* text, const std::uint64_t* number) = 0;
  virtual bool onStart(bool) { return true; }
  virtual bool onEnd(bool) { return true; }

  bool fail(std::string what) {
    if (error.empty()) error = std::move(what);
    return false;
  }
  bool at(std::initializer_list<std::string_view> keys) const {
    return std::equal(path.begin(), path.end(), keys.begin(), keys.end());
  }

  std::vector<std::string> path;

 private:
  bool start(bool object) {
    if (!onStart(object)) return false;
    if (path.size() >= kMaxDepth) return fail("it is nested too deeply");
    path.emplace_back();
    return true;
  }
  bool end(bool object) {
    path.pop_back();
    return onEnd(object);
  }
};

// Reads `text` with `walker`; what is wrong becomes "<document>: ...".
std::optional<Error> walk(std::string_view text, Walker& walker, std::string_view document) {
  const bool good = json::sax_parse(text.begin(), text.end(), &walker);
  if (good && walker.error.empty()) return {};
  const std::string what = walker.error.empty() ? "it cannot be read" : walker.error;
  return Error{ErrorCode::kProtocol, std::string(document) + ": " + what};
}

class SiteWalker final : public Walker {
 public:
  SiteInfo info;

 private:
  bool onScalar(std::string* text, const std::uint64_t*) override {
    if (path.size() != 2 || path[0] != "site") return true;
    std::string* field = path[1] == "url"       ? &info.url
                         : path[1] == "version" ? &info.version
                         : path[1] == "title"   ? &info.title
                                                : nullptr;
    if (!field) return true;
    if (text) return *field = std::move(*text), true;
    return field == &info.title || fail("its site." + path[1] + " is not text");
  }
};

class DeclaredWalker final : public Walker {
 public:
  explicit DeclaredWalker(std::string_view type) : type_(type) {}
  std::vector<DeclaredPage::Texts> items;
  std::uint64_t page = 1;
  std::uint64_t pages = 1;
  bool listed = false;

 private:
  bool inItem() const { return path.size() >= 2 && path[0] == type_; }

  bool onStart(bool object) override {
    if (path.size() == 1 && path[0] == type_) {
      if (object) return fail("its " + type_ + " is not a list");
      listed = true;
    }
    if (!listed || !inItem() || path.size() != 2) return true;
    if (!object) return fail("its " + type_ + " holds something else than objects");
    if (items.size() >= kMaxItems) return fail("its " + type_ + " is too long");
    items.emplace_back();
    return true;
  }
  bool onEnd(bool object) override {
    if (!object || !inItem() || path.size() != 2) return true;
    const DeclaredPage::Texts& item = items.back();
    if (item.id.empty() || item.slug.empty() || item.url.empty())
      return fail("its " + type_ + " holds an entry without id, slug or url");
    return true;
  }
  bool onScalar(std::string* text, const std::uint64_t* number) override {
    if (path.size() == 1 && path[0] == type_) return fail("its " + type_ + " is not a list");
    if (at({"meta", "pagination", "page"})) return take(number, page);
    if (at({"meta", "pagination", "pages"})) return take(number, pages);
    if (!inItem()) return true;
    if (path.size() == 2) return fail("its " + type_ + " holds something else than objects");
    if (path.size() != 3) return true;
    DeclaredPage::Texts& item = items.back();
    std::string* field = path[2] == "id"     ? &item.id
                         : path[2] == "slug" ? &item.slug
                         : path[2] == "url"  ? &item.url
                                             : nullptr;
    if (!field) return true;
    if (!text) return fail("its " + type_ + " holds an entry whose " + path[2] + " is not text");
    *field = std::move(*text);
    return true;
  }
  bool take(const std::uint64_t* number, std::uint64_t& into) {
    if (!number) return fail("its meta.pagination." + path[2] + " is not a count");
    into = *number;
    return true;
  }

  std::string type_;
};

// The items of a list as Ghost itself writes them, {"id":"..","slug":"..","url":".."}, read in one
// go and where they stand: a million posts on ten pods are ten million of them.
class PlainItems {
 public:
  explicit PlainItems(std::string_view text) : rest_(text) {}

  // Takes `{"<type>":[` and the items; the bracket behind them stays. False where anything is
  // written in another way: then it has taken nothing that counts.
  bool take(std::string_view type, std::vector<Declared>& items) {
    if (!take("{\"") || !takeName(type) || !take("\":[")) return false;
    if (rest_.starts_with(']')) return true;
    do {
      if (items.size() >= kMaxItems || !takeItem(items.emplace_back())) return false;
    } while (take(","));
    return rest_.starts_with(']');
  }
  std::string_view rest() const { return rest_; }

 private:
  // Of known length: compared in place.
  template <std::size_t kSize>
  bool take(const char (&text)[kSize]) {
    constexpr std::size_t kLength = kSize - 1;
    if (rest_.size() < kLength || std::memcmp(rest_.data(), text, kLength) != 0) return false;
    rest_.remove_prefix(kLength);
    return true;
  }
  bool takeName(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool takeItem(Declared& item) {
    if (!take("{")) return false;
    do {
      std::string_view* const field = take("\"id\":\"")     ? &item.id
                                      : take("\"slug\":\"") ? &item.slug
                                      : take("\"url\":\"")  ? &item.url
                                                            : nullptr;
      if (!field || !field->empty() || !takeText(*field)) return false;
    } while (take(","));
    return take("}") && !item.id.empty() && !item.slug.empty() && !item.url.empty();
  }
  // To the closing quote; only what stands for itself.
  bool takeText(std::string_view& into) {
    into = rest_.substr(0, rest_.find('"'));
    if (into.size() == rest_.size()) return false;
    rest_.remove_prefix(into.size() + 1);
    return noByte(into, [](EightBytes eight) {
      return eight.below(' ') | eight.equal('\\') | eight.equal('\x7f') | eight.beyondAscii();
    });
  }

  std::string_view rest_;
};

// The list where its items are written in Ghost's own way; what follows them is walked.
std::optional<DeclaredPage> parsePlain(std::string_view text, std::string_view type,
                                       std::string_view document) {
  PlainItems plain(text);
  std::vector<Declared> items;
  if (!plain.take(type, items)) return std::nullopt;
  DeclaredWalker walker(type);
  if (walk(fmt::format("{{\"{}\":[{}", type, plain.rest()), walker, document)) return std::nullopt;
  if (!walker.items.empty()) return std::nullopt;
  return DeclaredPage{std::move(items), walker.page, walker.pages, nullptr};
}

DeclaredPage pageOf(std::vector<DeclaredPage::Texts> texts, std::uint64_t page,
                    std::uint64_t pages) {
  DeclaredPage made{{}, page, pages, nullptr};
  made.texts = std::make_unique<const std::vector<DeclaredPage::Texts>>(std::move(texts));
  for (const auto& [id, slug, url] : *made.texts) made.items.push_back({id, slug, url});
  return made;
}

// {"errors": [{"message": ..., "context": ...}]}: those of the first error.
class ErrorsWalker final : public Walker {
 public:
  std::string message;
  std::string context;

 private:
  bool onScalar(std::string* text, const std::uint64_t*) override {
    if (path.size() != 3 || path[0] != "errors" || !text || !context.empty()) return true;
    if (path[2] == "message" && message.empty()) message = std::move(*text);
    if (path[2] == "context") context = std::move(*text);
    return true;
  }
  bool onEnd(bool) override { return message.empty() || path.size() != 2; }
};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

Result<SiteInfo> parseSiteInfo(std::string_view text) {
  static constexpr std::string_view kDocument = "the answer of /ghost/api/admin/site/";
  SiteWalker walker;
  if (auto error = walk(text, walker, kDocument)) return *error;
  if (walker.info.url.empty() || walker.info.version.empty())
    return Error{ErrorCode::kProtocol, std::string(kDocument) + ": it has no site.url and version"};
  return std::move(walker.info);
}

Result<DeclaredPage> parseDeclared(std::string_view text, std::string_view type) {
  const std::string document = "the Content API's list of " + std::string(type);
  if (auto plain = parsePlain(text, type, document)) return std::move(*plain);
  DeclaredWalker walker(type);
  if (auto error = walk(text, walker, document)) return *error;
  if (!walker.listed)
    return Error{ErrorCode::kProtocol, document + ": it has no " + std::string(type)};
  return pageOf(std::move(walker.items), walker.page, walker.pages);
}

std::string errorMessage(std::string_view contentType, std::string_view body) {
  if (holds(contentType, "json")) {
    ErrorsWalker walker;
    (void)json::sax_parse(body.begin(), body.end(), &walker);
    return oneLine(walker.message + (walker.context.empty() ? "" : " " + walker.context));
  }
  if (holds(contentType, "html")) return htmlMessage(body);
  if (!holds(contentType, "text/plain")) return {};
  return oneLine(body.substr(0, std::min(body.find('\n'), std::size_t{4'096})));
}

}  // namespace rollcall::ghost
