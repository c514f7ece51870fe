#include "daemon/ghost/error_message.h"

#include <cstdint>

#include "daemon/core/visible_text.h"
#include "daemon/ghost/entities.h"

namespace rollcall::ghost {
namespace {

constexpr std::size_t kMaxCharacters = 200;
constexpr std::size_t kMaxHtmlBytes = 256 * 1024;
constexpr std::size_t kMaxElementBytes = 4'096;
constexpr int kMaxCandidates = 20;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool isSpace(std::uint32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x2028 || c == 0x2029;
}

std::string stripTags(std::string_view html) {
  std::string text;
  while (!html.empty()) {
    const std::size_t open = html.find('<');
    text += html.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = html.find('>', open);
    if (close == std::string_view::npos) break;
    text += ' ';
    html.remove_prefix(close + 1);
  }
  return text;
}

// The element's name, lower-case, when a start tag begins at `at` (which holds '<').
std::string tagNameAt(std::string_view html, std::size_t at) {
  std::string name;
  for (++at; at < html.size() && name.size() < 20; ++at) {
    const char c = lower(html[at]);
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) break;
    name += c;
  }
  return name;
}

// What stands between the tag that ends before `from` and the next </name>.
std::string_view contentUntilClose(std::string_view html, std::size_t from,
                                   const std::string& name) {
  const std::string_view rest = html.substr(from, kMaxElementBytes);
  for (std::size_t at = rest.find("</"); at != std::string_view::npos; at = rest.find("</", at + 2))
    if (tagNameAt(rest, at + 1) == name) return rest.substr(0, at);
  return rest;
}

// Whether a start tag's text has `wanted` among its classes.
bool hasClass(std::string_view tag, std::string_view wanted) {
  for (std::size_t at = tag.find(wanted); at != std::string_view::npos;
       at = tag.find(wanted, at + 1)) {
    const auto ends = [](char c) {
      return isSpace(static_cast<unsigned char>(c)) || c == '"' || c == '\'' || c == '=' ||
             c == '>';
    };
    const std::size_t after = at + wanted.size();
    if (tag.substr(0, at).find("class") != std::string_view::npos && ends(tag[at - 1]) &&
        (after == tag.size() || ends(tag[after])))
      return true;
  }
  return false;
}

std::string textOf(std::string_view html) {
  return oneLine(decodeEntities(stripTags(html)));
}

// The text of the first of the elements with this class that has any; a page that names the class
// more than a few times is no error page of Ghost's.
std::string textOfClass(std::string_view html, std::string_view wanted) {
  std::size_t at = html.find(wanted);
  for (int tries = 0; tries < kMaxCandidates && at != std::string_view::npos; ++tries) {
    const std::size_t open = html.rfind('<', at);
    const std::size_t close = html.find('>', at);
    const bool inTag = open != std::string_view::npos && close != std::string_view::npos &&
                       close - open <= kMaxElementBytes &&
                       hasClass(html.substr(open, close - open), wanted);
    const std::string name = inTag ? tagNameAt(html, open) : "";
    std::string text = name.empty() ? "" : textOf(contentUntilClose(html, close + 1, name));
    if (!text.empty()) return text;
    at = html.find(wanted, at + 1);
  }
  return {};
}

std::string titleOf(std::string_view html) {
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    if (tagNameAt(html, at) != "title") continue;
    const std::size_t close = html.find('>', at);
    if (close == std::string_view::npos) return {};
    return textOf(contentUntilClose(html, close + 1, "title"));
  }
  return {};
}

}  // namespace

std::string oneLine(std::string_view text) {
  std::string line;
  std::size_t characters = 0;
  std::size_t lastWhole = 0;  // bytes of the first kMaxCharacters - 1 characters
  bool space = false;
  while (!text.empty()) {
    const char32_t point = takeCodePoint(text);
    if (isSpace(point)) space = !line.empty();
    if (isSpace(point) || isHarmful(point) || point == kReplacement) continue;
    const std::size_t more = space ? 2 : 1;
    if (characters + more > kMaxCharacters) return line.substr(0, lastWhole) + "\u2026";
    if (space) line += ' ';
    appendCodePoint(line, point);
    space = false;
    characters += more;
    if (characters < kMaxCharacters) lastWhole = line.size();
  }
  return line;
}

std::string htmlMessage(std::string_view html) {
  html = html.substr(0, kMaxHtmlBytes);
  for (const char* name :
       {"error-description", "gh-error-description", "error-message", "gh-error-message"}) {
    std::string text = textOfClass(html, name);
    if (!text.empty()) return text;
  }
  return titleOf(html);
}

}  // namespace rollcall::ghost
