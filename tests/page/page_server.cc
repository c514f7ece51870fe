// Serves the status page of made-up reports, for tests in a browser and with many readers.
// Prints its port; each line on stdin names the next scene; ends with stdin.
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "daemon/web/report_pages.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

Report sceneNamed(const std::string& name) {
  using namespace testing_support;
  if (name == "fail") {
    Report report = sampleFail();
    report.checks[2].outcome.tally.newest = sampleRows(report, 50);
    return report;
  }
  if (name == "states") return sampleStates();
  if (name == "many") return sampleMany();
  if (name == "fewer") return sampleMany(50, 470);  // as "many", some mended
  Report report = samplePass();
  report.checks.back().outcome.tally.newest = sampleRows(report, 50);
  return report;
}

int run() {
  StatusBoard board;
  int scenes = 0;
  const auto show = [&](const std::string& name) {
    Report report = sceneNamed(name);
    report.started += std::chrono::seconds(30 * ++scenes);
    board.publish(std::make_shared<const Report>(std::move(report)), nullptr);
  };
  show("pass");
  WebContent content{.board = [&] { return board.board(); },
                     .metrics = [] { return std::string("rollcall_sample 1\n"); },
                     .live = [] { return true; },
                     .ready = [] { return true; }};
  auto server = startWebServer("127.0.0.1:0", makeReportPages(std::move(content)));
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::cout << (*server)->port() << std::endl;
  for (std::string name; std::getline(std::cin, name);) {
    show(name);
    std::cout << "shown " << name << std::endl;
  }
  (*server)->stop();
  return 0;
}

}  // namespace
}  // namespace rollcall

int main() {
  return rollcall::run();
}
