#include "checks/redirects/pattern.h"

#include <algorithm>
#include <cctype>

#include "daemon/core/letter_case.h"
#include "daemon/core/url_path.h"

namespace rollcall::checks::redirects {
namespace {

bool isAlnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Characters that stand for themselves in an expression and in a path as it is sent.
bool isPlain(char c) {
  return isAlnum(c) || std::string_view("/-_~%,;=:@&!").find(c) != std::string_view::npos;
}

bool isEscapable(char c) {
  return isPlain(c) ? !isAlnum(c) : c == '.';
}

bool isQuantifier(char c) {
  return c == '?' || c == '*' || c == '+' || c == '{';
}

bool hasTopAlternative(std::string_view text) {
  int depth = 0;
  bool inClass = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (inClass) {
      inClass = c != ']';
    } else if (c == '[') {
      inClass = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == '|' && depth <= 0) {
      return true;
    }
  }
  return false;
}

// One character at `at`; moves on.
struct Token {
  char c = 0;
  bool literal = false;   // it stands for `c`
  bool optional = false;  // "/?"
};
Token next(std::string_view text, std::size_t& at) {
  Token token;
  token.c = text[at++];
  if (token.c == '\\' && at < text.size()) {
    token.c = text[at++];
    token.literal = isEscapable(token.c);
  } else {
    token.literal = isPlain(token.c) || token.c == '.';
  }
  if (at < text.size() && isQuantifier(text[at])) {
    token.optional = token.c == '/' && token.literal && text[at] == '?';
    token.literal = token.optional;
    ++at;
  }
  return token;
}

// Safe to send as it is: nobody on the way rewrites it.
bool isSendable(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.find("//") != std::string_view::npos)
    return false;
  if (path.find("/./") != std::string_view::npos || path.find("/../") != std::string_view::npos ||
      path.ends_with("/.") || path.ends_with("/.."))
    return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') continue;
    const auto isHex = [&](std::size_t at) {
      return at < path.size() && std::isxdigit(static_cast<unsigned char>(path[at])) != 0;
    };
    if (!isHex(i + 1) || !isHex(i + 2)) return false;
  }
  return true;
}

std::optional<std::string> exampleOf(std::string_view text) {
  std::string example;
  for (std::size_t at = 0; at < text.size();) {
    const Token token = next(text, at);
    if (!token.literal) return std::nullopt;
    if (token.optional && at == text.size()) break;
    example += token.c;
  }
  if (!isSendable(example)) return std::nullopt;
  return example;
}

}  // namespace

Pattern::Pattern(std::string_view from) {
  if (from.starts_with('/') && from.ends_with("/i")) {
    from.remove_prefix(1);
    from.remove_suffix(std::min<std::size_t>(2, from.size()));
  }
  if (from.ends_with('/')) {
    from.remove_suffix(1);
    // An escape that is left over is completed by the optional slash that Ghost adds.
    if (from.ends_with('\\')) from.remove_suffix(1);
  } else if (from.ends_with('$')) {
    from.remove_suffix(1);
  }
  anything_ = hasTopAlternative(from);
  if (anything_) return;
  if (from.starts_with('^')) {
    anchored_ = true;
    from.remove_prefix(1);
  }
  example_ = exampleOf(from);
  whole_ = example_.has_value();
  if (whole_) {
    literal_ = lowerCase(withoutSlash(*example_));
    return;
  }
  for (std::size_t at = 0; at < from.size();) {
    const Token token = next(from, at);
    if (!token.literal || token.optional || token.c == '.') break;
    literal_ += token.c;
  }
  literal_ = lowerCase(literal_);
}

bool Pattern::mayMatch(std::string_view path) const {
  if (anything_) return true;
  if (!whole_)
    return anchored_ ? path.starts_with(literal_) : path.find(literal_) != std::string_view::npos;
  path = withoutSlash(path);
  const std::size_t size = literal_.size();
  if (path.size() < size || (anchored_ && path.size() != size)) return false;
  const std::string_view end = path.substr(path.size() - size);
  return std::ranges::equal(end, literal_,
                            [](char c, char wanted) { return wanted == '.' || c == wanted; });
}

std::optional<std::string_view> Pattern::exactEnd() const {
  if (!whole_ || literal_.find('.') != std::string::npos) return std::nullopt;
  return literal_;
}

}  // namespace rollcall::checks::redirects
