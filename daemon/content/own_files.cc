#include "daemon/content/own_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

namespace rollcall {
namespace {

// What the name of a kind begins and ends with; in the order of OwnKind.
struct Form {
  OwnKind kind;
  std::string_view prefix;
  std::string_view suffix;
};
constexpr Form kForms[] = {{OwnKind::kProbe, ".rollcall-probe-", ""},
                           {OwnKind::kCanary, "rollcall-canary-", ".txt"},
                           {OwnKind::kUpload, "rollcall-write-through-", ".ico"}};

const Form* formOf(std::string_view name) {
  for (const Form& form : kForms)
    if (name.starts_with(form.prefix) && name.ends_with(form.suffix)) return &form;
  return nullptr;
}

void put(char*& at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  at += text.size();
}
void put(char*& at, std::uint64_t number, int base) {
  at = std::to_chars(at, at + 20, number, base).ptr;
}

// A number up to `end` or to the end of the text, which it takes away with what ended it.
template <class Number>
bool take(std::string_view& text, int base, char end, Number& number) {
  const std::string_view digits = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), digits.size() + 1));
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return !digits.empty() && read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
}

// FNV-1a
std::uint64_t hashOf(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

void printOwnFile(const OwnFile& file, char* buffer) {
  const Form& form = kForms[static_cast<std::size_t>(file.kind)];
  put(buffer, form.prefix);
  put(buffer, file.place, 16);
  put(buffer, "-");
  put(buffer, file.process, 10);
  put(buffer, "-");
  put(buffer, file.serial, 16);
  put(buffer, form.suffix);
  *buffer = '\0';
}

std::string nameOf(const OwnFile& file) {
  char buffer[kOwnNameBytes];
  printOwnFile(file, buffer);
  return buffer;
}

std::optional<OwnFile> parseOwnFile(std::string_view name) {
  const std::string_view whole = name;
  const Form* form = formOf(name);
  if (!form) return std::nullopt;
  name.remove_prefix(form->prefix.size());
  name.remove_suffix(form->suffix.size());
  OwnFile file;
  file.kind = form->kind;
  if (!take(name, 16, '-', file.place) || !take(name, 10, '-', file.process) ||
      !take(name, 16, '\0', file.serial))
    return std::nullopt;
  char printed[kOwnNameBytes];
  printOwnFile(file, printed);
  if (whole != printed) return std::nullopt;
  return file;
}

std::uint64_t readPlace() {
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::string text(std::istreambuf_iterator<char>(boot), {});
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  struct stat space {};
  if (::stat("/proc/self/ns/pid", &space) == 0) text += std::to_string(space.st_ino);
  return hashOf(text + host);
}

bool isLeftOver(const OwnFile& file, std::uint64_t here, Duration age,
                bool (*alive)(std::uint32_t)) {
  if (age > kLongestOwnLife) return true;
  return file.place == here && !alive(file.process);
}

}  // namespace rollcall
