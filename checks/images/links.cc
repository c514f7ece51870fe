#include "checks/images/links.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/core/letter_case.h"
#include "daemon/ghost/entities.h"

namespace rollcall::checks::images {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f";
constexpr std::size_t kEnd = std::string_view::npos;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool isLetter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

// The elements whose content is text up to their end tag, whatever it looks like.
bool holdsText(std::string_view element) {
  static constexpr std::string_view kNames[] = {"script", "style",   "textarea", "title",
                                                "xmp",    "noembed", "iframe",   "noframes"};
  return std::ranges::find(kNames, element) != std::end(kNames);
}

class Scanner {
 public:
  explicit Scanner(std::string_view html) : html_(html) {}

  std::vector<std::string> links() {
    while (links_.size() < kMaxLinks && (at_ = html_.find('<', at_)) != kEnd) {
      if (html_.substr(at_).starts_with("<!--"))
        at_ = past("-->", at_ + 4);
      else if (++at_ < html_.size() && isLetter(html_[at_]))
        readTag();
    }
    if (links_.size() > kMaxLinks) links_.resize(kMaxLinks);
    return std::move(links_);
  }

 private:
  std::size_t past(std::string_view what, std::size_t from) const {
    const std::size_t found = html_.find(what, from);
    return found == kEnd ? html_.size() : found + what.size();
  }
  void skip(std::string_view characters) {
    at_ = std::min(html_.find_first_not_of(characters, at_), html_.size());
  }
  std::string_view until(std::string_view characters) {
    const std::size_t from = at_;
    at_ = std::min(html_.find_first_of(characters, at_), html_.size());
    return html_.substr(from, at_ - from);
  }

  void readTag() {
    const std::string element = lowerCase(until(" \t\r\n\f/>"));
    std::vector<std::string> found;
    while (true) {
      skip(" \t\r\n\f/");
      if (at_ == html_.size()) return;
      if (html_[at_] == '>') break;
      if (!readAttribute(found)) return;
    }
    ++at_;
    std::ranges::move(found, std::back_inserter(links_));
    if (holdsText(element)) skipText(element);
  }

  // False when the text ends within it.
  bool readAttribute(std::vector<std::string>& found) {
    const std::size_t from = at_++;  // its first character may be anything, "=" too
    until(" \t\r\n\f/>=");
    const std::string name = lowerCase(html_.substr(from, at_ - from));
    skip(kBlank);
    if (at_ == html_.size()) return false;
    if (html_[at_] != '=') return true;
    ++at_;
    skip(kBlank);
    const auto value = readValue();
    if (!value) return false;
    take(name, *value, found);
    return true;
  }

  std::optional<std::string_view> readValue() {
    if (at_ == html_.size()) return std::nullopt;
    const char quote = html_[at_];
    if (quote != '"' && quote != '\'') return until(" \t\r\n\f>");
    ++at_;
    const std::string_view value = until({&quote, 1});
    if (at_ == html_.size()) return std::nullopt;
    ++at_;
    return value;
  }

  static void take(std::string_view name, std::string_view value, std::vector<std::string>& found) {
    if (found.size() >= kMaxLinks) return;
    const bool isSet = name == "srcset";
    static constexpr std::string_view kNames[] = {"src", "href", "poster", "data-kg-thumbnail"};
    if (!isSet &&
        (std::ranges::find(kNames, name) == std::end(kNames) || value.size() > kMaxAddress))
      return;
    auto text = ghost::decodeEveryEntity(value.substr(0, 16 * kMaxAddress));
    if (!text) return;
    if (isSet) return takeEach(*text, found);
    found.push_back(std::move(*text));
  }

  // "a.png 600w, b,c.png 2x": an address ends at a blank, commas at its end part the candidates.
  static void takeEach(std::string_view set, std::vector<std::string>& found) {
    while (found.size() < kMaxLinks) {
      const std::size_t from = set.find_first_not_of(" \t\r\n\f,");
      if (from == kEnd) return;
      set.remove_prefix(from);
      const std::size_t end = std::min(set.find_first_of(kBlank), set.size());
      const std::string_view address = set.substr(0, end);
      set.remove_prefix(end);
      const std::size_t last = address.find_last_not_of(',') + 1;
      if (last <= kMaxAddress) found.emplace_back(address.substr(0, last));
      if (last == address.size()) set.remove_prefix(std::min(set.find(','), set.size()));
    }
  }

  void skipText(const std::string& element) {
    while ((at_ = past("</", at_)) < html_.size())
      if (lowerCase(html_.substr(at_, element.size())) == element) return;
  }

  const std::string_view html_;
  std::size_t at_ = 0;
  std::vector<std::string> links_;
};

}  // namespace

std::vector<std::string> linksIn(std::string_view html) {
  return Scanner(html).links();
}

}  // namespace rollcall::checks::images
