#include "checks/theme/traits.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/core/url_path.h"

namespace rollcall::checks::theme {
namespace {

constexpr std::size_t kMaxTraits = 50'000;
constexpr std::size_t kMaxTraitBytes = 20'000;

using Attributes = std::vector<std::pair<std::string, std::string>>;

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
bool isName(char c) {
  return isDigit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' || c == ':';
}

std::string collapsed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!isSpace(c))
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// 5.x gives every process its own ?v=.
std::string withoutVersions(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = text.find("?v=");
    out += text.substr(0, at);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + 3);
    while (!text.empty() && (isName(text.front()) || text.front() == '.')) text.remove_prefix(1);
  }
  return out;
}

// Ages, counts and dates pass; addresses are the pods' routes.
std::string withoutNumbersAndAddresses(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("/p/")) {
      out += '@';
      while (i < text.size() && !isSpace(text[i]) && text[i] != '"' && text[i] != '\'' &&
             text[i] != '<' && text[i] != '\\')
        ++i;
    } else if (isDigit(text[i])) {
      out += '#';
      while (i < text.size() &&
             (isDigit(text[i]) || text[i] == ',' || text[i] == '.' || text[i] == '+'))
        ++i;
    } else {
      out += text[i++];
    }
  }
  return out;
}

class Reader {
 public:
  Reader(std::string_view html, std::string_view root) : rest_(html), root_(root) {}

  Traits read() {
    while (!rest_.empty() && traits_.all.size() < kMaxTraits) {
      if (rest_.starts_with("<!--"))
        skipPast("-->");
      else if (rest_.starts_with("<!") || rest_.starts_with("</") || rest_.starts_with("<?"))
        skipPast(">");
      else if (rest_.size() > 1 && rest_[0] == '<' && isName(rest_[1]))
        element();
      else
        text();
    }
    return std::move(traits_);
  }

 private:
  void skipPast(std::string_view end) {
    const std::size_t at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
  }

  void add(std::string trait) {
    if (trait.empty() || trait.find(kComputed) != std::string::npos) return;
    trait.resize(std::min(trait.size(), kMaxTraitBytes));
    traits_.all.insert(std::move(trait));
  }

  void text() {
    const std::size_t end = std::min(rest_.find('<', 1), rest_.size());
    add(withoutNumbersAndAddresses(collapsed(rest_.substr(0, end))));
    rest_.remove_prefix(end);
  }

  void element() {
    rest_.remove_prefix(1);
    const std::string name = takeName();
    const Attributes attributes = takeAttributes();
    if (name == "meta" && valueOf(attributes, "name") == "generator")
      traits_.generator = valueOf(attributes, "content");
    if (name == "a") addLink(valueOf(attributes, "href"));
    if (name == "script" || name == "style" || name == "title" || name == "textarea")
      return rawElement(name, attributes);
    if (name != "meta" && name != "html") addElement(name, attributes);
  }

  // Up to its end tag nothing is an element. The title is made of settings and content.
  void rawElement(const std::string& name, const Attributes& attributes) {
    const std::string_view body = takeUntilEndTag(name);
    if (name == "title") return;
    const bool isScript = name == "script";
    if (isScript && valueOf(attributes, "type") == "application/ld+json") return;
    if (isScript && !valueOf(attributes, "src").empty()) return addElement(name, attributes);
    const std::string tidy = withoutVersions(collapsed(body));
    add(isScript ? withoutNumbersAndAddresses(tidy) : tidy);
  }

  void addElement(const std::string& name, const Attributes& attributes) {
    const std::string address = valueOf(attributes, name == "link" ? "href" : "src");
    if (address.find(kComputed) != std::string::npos) return;
    const std::string asset = assetOf(address);
    // Ghost puts its own ones into head and foot: they follow settings, not the theme.
    if ((name == "link" || name == "script") && asset.empty()) return;
    std::string trait = "<" + name;
    for (const std::string_view key : {"class", "id", "style"}) {
      std::string value = valueOf(attributes, key);
      if (key == "class") value = sortedWords(value);
      if (!value.empty()) trait.append(" ").append(key).append("=\"").append(value).append("\"");
    }
    if (!asset.empty()) trait += " asset=\"" + asset + "\"";
    add(trait + ">");
  }

  void addLink(const std::string& href) {
    const std::string_view path = pathOfLink(href);
    if (path.starts_with('/')) traits_.links.emplace(path);
  }

  // The path of a file of the theme; it is remembered. Empty for everything else.
  std::string assetOf(const std::string& address) {
    std::string_view path = pathOfLink(address);
    if (!path.starts_with(root_)) return "";
    path.remove_prefix(root_.size());
    if (!path.starts_with("/assets/")) return "";
    traits_.assets.emplace_back(path);
    return std::string(path);
  }

  static std::string valueOf(const Attributes& attributes, std::string_view key) {
    for (const auto& [name, value] : attributes)
      if (name == key) return value;
    return "";
  }

  static std::string sortedWords(const std::string& text) {
    std::set<std::string> words;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t end = std::min(text.find(' ', i), text.size());
      if (end > i) words.insert(text.substr(i, end - i));
      i = end + 1;
    }
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
  }

  std::string takeName() {
    std::string name;
    while (!rest_.empty() && isName(rest_.front())) {
      name += lower(rest_.front());
      rest_.remove_prefix(1);
    }
    return name;
  }

  void skipSpace() {
    while (!rest_.empty() && isSpace(rest_.front())) rest_.remove_prefix(1);
  }

  // Up to and with the '>'. Something computed among them makes an attribute of its own.
  Attributes takeAttributes() {
    Attributes attributes;
    while (true) {
      skipSpace();
      if (rest_.empty()) break;
      if (rest_.front() == '>') {
        rest_.remove_prefix(1);
        break;
      }
      std::string name = takeName();
      if (name.empty()) {
        if (rest_.front() == kComputed) attributes.emplace_back("class", std::string(1, kComputed));
        rest_.remove_prefix(1);
        continue;
      }
      skipSpace();
      std::string value;
      if (rest_.starts_with('=')) value = takeValue();
      attributes.emplace_back(std::move(name), std::move(value));
    }
    // What is computed first might be a class, an id or a style.
    std::stable_partition(attributes.begin(), attributes.end(), [](const auto& one) {
      return one.second == std::string_view(&kComputed, 1);
    });
    return attributes;
  }

  std::string takeValue() {
    rest_.remove_prefix(1);
    skipSpace();
    if (rest_.empty()) return "";
    const char quote = rest_.front();
    std::size_t end = 0;
    if (quote == '"' || quote == '\'') {
      rest_.remove_prefix(1);
      end = std::min(rest_.find(quote), rest_.size());
    } else {
      end = std::min(rest_.find_first_of(" \t\r\n>"), rest_.size());
    }
    const std::string_view raw = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if ((quote == '"' || quote == '\'') && !rest_.empty()) rest_.remove_prefix(1);
    return withoutVersions(collapsed(raw));
  }

  std::string_view takeUntilEndTag(const std::string& name) {
    for (std::size_t at = rest_.find("</"); at != std::string_view::npos;
         at = rest_.find("</", at + 2)) {
      const std::string_view tag = rest_.substr(at + 2, name.size());
      if (!std::ranges::equal(tag, name, {}, lower)) continue;
      const std::string_view body = rest_.substr(0, at);
      rest_.remove_prefix(at);
      return body;
    }
    return std::exchange(rest_, {});
  }

  std::string_view rest_;
  const std::string_view root_;
  Traits traits_;
};

}  // namespace

Traits traitsOf(std::string_view html, std::string_view root) {
  return Reader(html, root).read();
}

}  // namespace rollcall::checks::theme
