// Request heads as whoever can reach the daemon sends them.
#include <algorithm>

#include "daemon/web/answers.h"
#include "daemon/web/report_pages.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

// Shows back what was asked for, as no page of ours would: what then gets into the head is ours.
class Echo final : public WebPages {
 public:
  WebPage at(const WebRequest& request) override {
    std::string text = request.path + "\n" + request.scrapeTimeout + "\n";
    for (const auto& [name, value] : request.query) text += name + "=" + value + "\n";
    return plainPage(200, text);
  }
};

std::unique_ptr<WebPages> pages() {
  const auto board =
      std::make_shared<const Board>(testing_support::boardOf(testing_support::sampleFail()));
  return makeReportPages({[board] { return board; }, [] { return std::string("# metrics\n"); },
                          [] { return true; }, [] { return true; }});
}

// Blanks around the method are put up with.
bool asksForHead(std::string_view request) {
  constexpr std::string_view kBlanks = " \t";
  request.remove_prefix(std::min(request.find_first_not_of(kBlanks), request.size()));
  return request.substr(0, request.find_first_of(kBlanks)) == "HEAD";
}

void checkAnswer(const WebAnswer& answer, std::string_view request) {
  if (answer.later) return;
  std::string_view bytes = answer.bytes;
  constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";  // before the answer proper
  if (bytes.starts_with(kGoOn)) bytes.remove_prefix(kGoOn.size());
  FUZZ_HOLDS(bytes.starts_with("HTTP/1.1 "));
  const std::size_t end = bytes.find("\r\n\r\n");
  FUZZ_HOLDS(end != std::string_view::npos);
  const std::string_view head = bytes.substr(0, end + 2);
  const std::size_t body = bytes.size() - end - 4;
  // Nothing of the request gets into the head.
  FUZZ_HOLDS(head.size() < 2'000);
  const std::size_t at = head.find("\r\nContent-Length: ");
  FUZZ_HOLDS(at != std::string_view::npos);
  const std::size_t length = std::stoul(std::string(head.substr(at + 18, 20)));
  FUZZ_HOLDS(body == length || (body == 0 && asksForHead(request)));
  FUZZ_HOLDS(body <= (1u << 20) + 10 * request.size());
}

}  // namespace
}  // namespace rollcall

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  static Answers echo(std::make_unique<Echo>());
  static Answers real(pages());
  const fuzz::Input input(data, size);
  const std::string head = std::string(input.rest()) + "\r\n\r\n";
  for (Answers* each : {&echo, &real}) {
    const WebAnswer answer = each->to(head, false);
    checkAnswer(answer, head);
    checkAnswer(each->to(head, true), head);
  }
  return 0;
}
