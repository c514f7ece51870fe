// What the largest page costs the daemon: 50 pods, 50 posts, 500 findings.
#include <benchmark/benchmark.h>

#include "daemon/core/publication.h"
#include "daemon/sinks/formats.h"
#include "daemon/web/gzip.h"
#include "daemon/web/report_pages.h"
#include "tests/bench/bounds.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;

// What the first reader after a change waits for; the others get the same bytes.
void renderedAndPacked(benchmark::State& state) {
  const Board board = boardOf(sampleMany());
  std::size_t bytes = 0, packed = 0;
  for ([[maybe_unused]] auto _ : state) {
    const std::string page = renderPage(&board);
    bytes = page.size();
    packed = packGzip(page).size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["packed"] = static_cast<double>(packed);
  state.counters[kAtMostMs] = 50;
}
BENCHMARK(renderedAndPacked)->Name("page")->Unit(benchmark::kMillisecond);

void rendered(benchmark::State& state) {
  const Board board = boardOf(sampleMany());
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(renderPage(&board));
}
BENCHMARK(rendered)->Name("page, not packed")->Unit(benchmark::kMillisecond);

void json(benchmark::State& state) {
  const Report report = sampleMany();
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(formatJson(publicForm(report), 10'000));
}
BENCHMARK(json)->Name("JSON report")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rollcall
