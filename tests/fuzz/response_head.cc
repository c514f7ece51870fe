// Status lines and headers as the HTTP library hands them over, line by line.
#include "daemon/net/response_head.h"

#include <algorithm>

#include "daemon/core/letter_case.h"
#include "tests/fuzz/fuzz.h"

namespace rollcall {
namespace {

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

// The final answer's head, where there is one.
ResponseHead read(fuzz::Input input, bool& good) {
  ResponseHead head;
  good = true;
  while (good && !input.rest().empty()) {
    const std::string line = std::string(input.until('\n')) + "\n";
    const auto wrong = head.take(line);
    good = !wrong;
    if (wrong) FUZZ_HOLDS(fuzz::isFit({ErrorCode::kProtocol, *wrong}));
  }
  return head;
}

std::string written(const ResponseHead& head) {
  std::string text = "HTTP/1.1 " + std::to_string(head.status()) + " OK\r\n";
  for (const auto& [name, value] : head.headers()) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

void check(const fuzz::Input& input) {
  bool good = false;
  const ResponseHead head = read(input, good);
  FUZZ_HOLDS(head.headers().size() <= kMaxHeaderLines);
  FUZZ_HOLDS(!good || head.bytes() <= kMaxHeaderBytes);
  FUZZ_HOLDS(head.status() == 0 || (head.status() >= 200 && head.status() <= 599));
  std::string length;
  for (const auto& [name, value] : head.headers()) {
    FUZZ_HOLDS(!name.empty() && name == lowerCase(name) && !hasControl(name));
    FUZZ_HOLDS(!hasControl(value));
    if (name != "content-length") continue;
    FUZZ_HOLDS(!value.empty() && value.find_first_not_of("0123456789") == std::string::npos);
    FUZZ_HOLDS(length.empty() || length == value);
    length = value;
  }
  if (!good || !head.complete()) return;
  const std::string text = written(head);
  if (text.size() > kMaxHeaderBytes || head.headers().size() + 2 > kMaxHeaderLines) return;
  bool again = false;
  const ResponseHead second =
      read({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, again);
  FUZZ_HOLDS(again && second.complete());
  FUZZ_HOLDS(second.status() == head.status() && second.headers() == head.headers());
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::check({data, size});
  return 0;
}
