#include "checks/theme/template_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "checks/theme/traits.h"

namespace rollcall::checks::theme {
namespace {

constexpr int kDeepest = 8;                  // partials within partials
constexpr int kMaxIncludes = 200;            // in all
constexpr std::size_t kMaxBytes = 1u << 20;  // of the result

class Reader {
 public:
  Reader(std::string_view subject, const Partials& partials, int& includes)
      : subject_(subject), partials_(partials), includes_(includes) {}

  bool read(std::string_view source, int depth) {
    while (!source.empty()) {
      const std::size_t open = source.find("{{");
      // A backslash or more braces than three: not a matter for a simple reader.
      if (open != std::string_view::npos &&
          (source.substr(open).starts_with("{{{{") || (open > 0 && source[open - 1] == '\\')))
        return false;
      if (hidden_ == 0 && !append(source.substr(0, open))) return false;
      if (open == std::string_view::npos) break;
      source.remove_prefix(open);
      const auto tag = takeTag(source);
      if (!tag || !follow(*tag, depth)) return false;
    }
    return open_.empty();
  }

  std::string text() { return std::move(text_); }

 private:
  // What stands between the braces; nullopt when they never close.
  static std::optional<std::string_view> takeTag(std::string_view& source) {
    const bool comment = source.starts_with("{{!--") || source.starts_with("{{~!--");
    const std::string_view end = comment ? "--" : source.starts_with("{{{") ? "}}}" : "}}";
    const std::size_t begin = source.starts_with("{{{") ? 3 : 2;
    std::size_t close = source.find(end, comment ? 6 : begin);
    if (close == std::string_view::npos) return std::nullopt;
    if (comment) {
      while (close != std::string_view::npos && !source.substr(close).starts_with("--}}") &&
             !source.substr(close).starts_with("--~}}"))
        close = source.find("--", close + 1);
      if (close == std::string_view::npos) return std::nullopt;
      source.remove_prefix(source.find("}}", close) + 2);
      return "!";
    }
    std::string_view tag = source.substr(begin, close - begin);
    source.remove_prefix(close + end.size());
    while (!tag.empty() && (tag.front() == '~' || tag.front() == ' ' || tag.front() == '\n'))
      tag.remove_prefix(1);
    return tag;
  }

  bool follow(std::string_view tag, int depth) {
    if (tag.starts_with('!')) return true;
    if (tag.starts_with('/')) return close();
    const bool isElse = word(tag) == "else" || tag.find_first_not_of("^~ ") == tag.npos;
    // Of the subject's block the other half is never rendered: too rare to be followed.
    if (isElse) return !open_.empty() && open_.back();
    if (tag.starts_with('#') || tag.starts_with('^')) return open(tag);
    if (hidden_ > 0) return true;
    if (tag.starts_with('>')) return include(tag.substr(1), depth);
    text_ += kComputed;
    return true;
  }

  bool open(std::string_view tag) {
    const bool hides = subject_.empty() || tag.front() != '#' || word(tag.substr(1)) != subject_;
    if (hides && hidden_ == 0) text_ += kComputed;
    hidden_ += hides;
    open_.push_back(hides);
    return true;
  }

  bool close() {
    if (open_.empty()) return false;
    hidden_ -= open_.back();
    open_.pop_back();
    return true;
  }

  static std::string_view word(std::string_view tag) {
    return tag.substr(0, tag.find_first_of(" \t\r\n~"));
  }

  // A partial that cannot be had is like something computed.
  bool include(std::string_view tag, int depth) {
    const std::string_view name = nameOf(tag);
    const bool may = !name.empty() && depth < kDeepest && ++includes_ <= kMaxIncludes;
    const auto text = may ? partials_(name) : std::nullopt;
    Reader inner(subject_, partials_, includes_);
    if (!text || !inner.read(*text, depth + 1)) {
      text_ += kComputed;
      return true;
    }
    return append(inner.text());
  }

  // Without quotes; empty when it is computed.
  static std::string_view nameOf(std::string_view tag) {
    const std::size_t begin = tag.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return "";
    tag.remove_prefix(begin);
    if (tag.front() == '"' || tag.front() == '\'')
      return tag.substr(1, std::min(tag.find(tag.front(), 1), tag.size()) - 1);
    if (tag.front() == '(') return "";
    return word(tag);
  }

  bool append(std::string_view text) {
    if (text_.size() + text.size() > kMaxBytes) return false;
    text_ += text;
    return true;
  }

  const std::string_view subject_;
  const Partials& partials_;
  int& includes_;
  std::vector<bool> open_;  // the open blocks: whether what is in them may not be printed
  int hidden_ = 0;          // how many of those are true
  std::string text_;
};

}  // namespace

std::optional<std::string> certainText(std::string_view source, std::string_view subject,
                                       const Partials& partials) {
  int includes = 0;
  Reader reader(subject, partials, includes);
  if (!reader.read(source, 0)) return std::nullopt;
  return reader.text();
}

}  // namespace rollcall::checks::theme
