// main() of the benchmarks: exits 1 when one could not run or is beyond a bound of its own.
#include <benchmark/benchmark.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/bounds.h"

namespace rollcall {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

double counterOf(const Run& run, const char* name, double otherwise) {
  const auto found = run.counters.find(name);
  return found == run.counters.end() ? otherwise : found->second.value;
}

// Pure. A run without a bound holds it; so does what is told of several runs, as each of them was
// looked at.
bool holds(const Run& run) {
  if (run.error_occurred) return false;
  if (run.run_type == Run::RT_Aggregate) return true;
  const double took = run.cpu_accumulated_time * 1e3 / static_cast<double>(run.iterations);
  return took <= counterOf(run, kAtMostMs, took) &&
         counterOf(run, "bytes_per_second", 0) >= counterOf(run, kAtLeastMBs, 0) * 1e6;
}

// Shows what the flags ask for.
class Judge : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override { return shown_->ReportContext(context); }
  void ReportRuns(const std::vector<Run>& runs) override {
    shown_->ReportRuns(runs);
    for (const Run& run : runs)
      if (!holds(run)) missed_.push_back(run.benchmark_name());
  }
  void Finalize() override { shown_->Finalize(); }
  const std::vector<std::string>& missed() const { return missed_; }

 private:
  std::unique_ptr<BenchmarkReporter> shown_{benchmark::CreateDefaultDisplayReporter()};
  std::vector<std::string> missed_;
};

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  rollcall::Judge judge;
  const bool any = benchmark::RunSpecifiedBenchmarks(&judge) > 0;
  for (const std::string& name : judge.missed())
    std::cerr << "FAILED: " << name << ": not run, or beyond its bound\n";
  return any && judge.missed().empty() ? 0 : 1;
}
