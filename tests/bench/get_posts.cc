// Asks every pod for every post as the roll does (daemon/roll/roll_ask.cc) when nothing else proves
// them: through the same clients, judged by the same rule. Prints what that cost as one JSON line.
//
//   get_posts SITE_URL CA_FILE PATHS_FILE POD_URL...
// CA_FILE may be empty; PATHS_FILE holds a path a line. Exits 1 when a pod's answer is not what it
// should be.
#include <fmt/format.h>
#include <sys/resource.h>

#include <deque>
#include <fstream>
#include <iostream>

#include "daemon/net/http_client.h"
#include "daemon/net/pod_client.h"
#include "daemon/roll/answer.h"
#include "daemon/roll/page_request.h"

namespace rollcall {
namespace {
using namespace std::chrono_literals;

double cpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One pod, and how far it has been asked.
struct Line {
  Pod pod;
  std::size_t next = 0;
  std::size_t inFlight = 0;
};

class Round {
 public:
  Round(PodClient& pods, const Site& site, const std::vector<std::string>& paths)
      : site_(site), paths_(paths), batch_(pods.batch(budget_)) {}

  void run(std::deque<Line>& lines, const Clock& clock) {
    for (Line& line : lines) pump(line);
    batch_->drive(Deadline::after(clock, 10min), {});
  }
  std::size_t right() const { return right_; }

 private:
  void pump(Line& line) {
    while (line.next < paths_.size() && line.inFlight < budget_.parallel) ask(line);
  }
  void ask(Line& line) {
    const std::string& path = paths_[line.next++];
    ++line.inFlight;
    batch_->get(line.pod, roll::pageRequest(path, true, Reason::kSweep),
                [this, &line, &path](const Result<HttpResponse>& answer) {
                  --line.inFlight;
                  right_ += roll::classify({true, path}, site_, answer).state == roll::State::kOk;
                  pump(line);
                });
  }

  const Site& site_;
  const std::vector<std::string>& paths_;
  const AskBudget budget_;
  std::unique_ptr<PodBatch> batch_;
  std::size_t right_ = 0;
};

std::vector<std::string> readLines(const char* file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

int run(const Url& url, std::string caFile, const char* pathsFile, std::deque<Line>& lines) {
  const SystemClock clock;
  const Site site{url, url, ""};
  const auto paths = readLines(pathsFile);
  const auto http = makeCurlClient(clock, "rollcall/bench");
  const auto pods = makePodClient(*http, {site, std::move(caFile)});
  const MonoTime began = clock.mono();
  const double before = cpuSeconds();
  Round round(*pods, site, paths);
  round.run(lines, clock);
  const double cpu = cpuSeconds() - before;
  const std::chrono::duration<double> took = clock.mono() - began;
  const std::size_t wanted = paths.size() * lines.size();
  std::cout << fmt::format(R"({{"requests": {}, "right": {}, "cpu_seconds": {}, "seconds": {}}})",
                           wanted, round.right(), cpu, took.count())
            << std::endl;
  return round.right() == wanted ? 0 : 1;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: get_posts SITE_URL CA_FILE PATHS_FILE POD_URL...\n";
    return 64;
  }
  const auto site = rollcall::parseUrl(argv[1]);
  std::deque<rollcall::Line> lines;
  for (int i = 4; i < argc; ++i) {
    const auto url = rollcall::parseUrl(argv[i]);
    if (!url || !site) {
      std::cerr << "get_posts: " << (site ? url : site).error().message << "\n";
      return 64;
    }
    rollcall::Pod& pod = lines.emplace_back().pod;
    pod.name = fmt::format("pod-{}", i - 3);
    pod.scheme = url->scheme;
    pod.host = url->host;
    pod.port = url->port;
  }
  return rollcall::run(*site, argv[2], argv[3], lines);
}
