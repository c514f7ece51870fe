// The hot parts by themselves: what a roll call of a large site spends its time in.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "daemon/db/mysql_source.h"
#include "daemon/ghost/routes.h"
#include "daemon/ghost/sitemap.h"
#include "daemon/roll/locate.h"
#include "daemon/sinks/metrics.h"
#include "tests/bench/bounds.h"
#include "tests/support/ghost_tables.h"
#include "tests/support/mariadb_server.h"
#include "tests/support/sample_board.h"

namespace rollcall {
namespace {

using namespace testing_support;

constexpr int kPage = 50'000;               // entries of a sitemap
constexpr std::size_t kPiece = 16 * 1'024;  // bytes that curl hands over at once
constexpr int kPosts = 100'000;
constexpr int kPods = 10;

std::string slugOf(int number) {
  return fmt::format("a-post-with-an-ordinary-slug-{}", number);
}

std::string sitemapOf(bool pictures) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><urlset>";
  for (int i = 0; i < kPage; ++i) {
    text += fmt::format(
        "<url><loc>https://example.org/{}/</loc><lastmod>2026-01-31T23:30:00.000Z</lastmod>",
        slugOf(i));
    if (pictures)
      text += fmt::format(
          "<image:image><image:loc>https://example.org/content/images/2026/01/{0}.png"
          "</image:loc><image:caption>{0}.png</image:caption></image:image>",
          slugOf(i));
    text += "</url>";
  }
  return text + "</urlset>";
}

// In pieces, as they come from a pod.
void sitemapReader(benchmark::State& state, bool pictures) {
  const std::string text = sitemapOf(pictures);
  for ([[maybe_unused]] auto _ : state) {
    std::size_t bytes = 0;
    ghost::SitemapReader reader({}, [&](const ghost::SitemapEntry& entry) {
      bytes += entry.loc.size() + entry.lastmod.size();
    });
    for (std::size_t at = 0; at < text.size(); at += kPiece)
      reader.feed(std::string_view(text).substr(at, kPiece));
    if (!reader.finish()) state.SkipWithError("it was not read");
    benchmark::DoNotOptimize(bytes);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters[kAtLeastMBs] = 300;
}
BENCHMARK_CAPTURE(sitemapReader, plain, false)
    ->Name("sitemap reader, 50,000 posts")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sitemapReader, pictures, true)
    ->Name("sitemap reader, each with a picture")
    ->Unit(benchmark::kMillisecond);

// From a real MariaDB: the CPU is the client's.
void rowLoading(benchmark::State& state) {
  if (!MariadbServer::installed()) return state.SkipWithError("mariadb-server is not installed");
  const MariadbServer server;
  server.sql(
      "CREATE DATABASE ghost CHARACTER SET utf8mb4; USE ghost;" + std::string(kGhostTables) +
      fmt::format("INSERT INTO posts (id, slug, status, created_at, updated_at, published_at)"
                  "SELECT LPAD(HEX(seq), 24, '0'), CONCAT('a-post-with-an-ordinary-slug-', "
                  "seq), 'published', '2026-01-01', '2026-01-01', '2026-01-01' FROM "
                  "seq_1_to_{};",
                  kPosts) +
      "INSERT INTO users SET id='1', slug='ada', created_at='2026-01-01';"
      "INSERT INTO tags SET id='1', slug='news', created_at='2026-01-01';"
      "INSERT INTO posts_authors SELECT id, id, '1', 0 FROM posts;"
      "INSERT INTO posts_tags SELECT id, id, '1', 0 FROM posts;"
      "CREATE USER rollcall@'127.0.0.1'; GRANT SELECT ON ghost.* TO rollcall@'127.0.0.1';");
  const SystemClock clock;
  DatabaseConfig config{
      .host = "127.0.0.1", .port = server.port(), .name = "ghost", .user = "rollcall"};
  config.queryTimeout = std::chrono::minutes(1);
  const auto source = makeMysqlSource(clock, config);
  for ([[maybe_unused]] auto _ : state)
    if (!source->load(Deadline::after(clock, std::chrono::minutes(1)), {}))
      return state.SkipWithError("the rows were not read");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kPosts);
}
BENCHMARK(rowLoading)->Name("row loading, 100,000 posts")->Unit(benchmark::kMillisecond);

// What ten pods list, put beside what the database expects; one of them lacks a post.
void setDifference(benchmark::State& state) {
  std::deque<std::string> slugs;
  std::vector<Entry> entries(kPosts);
  for (int i = 0; i < kPosts; ++i) {
    Entry& entry = entries[static_cast<std::size_t>(i)];
    slugs.push_back(slugOf(i));
    entry.id = slugs.back();
    entry.slug = slugs.back();
    entry.status = "published";
  }
  const Routes routes = ghost::defaultRoutes();
  for ([[maybe_unused]] auto _ : state) {
    roll::PathTable paths;
    paths.reserve(entries.size());
    std::vector<roll::Declarations> pods(kPods);
    std::vector<const roll::Declarations*> given;
    for (roll::Declarations& pod : pods) {
      roll::Place last = roll::kNoPlace;
      for (int i = kPosts; i-- > 0;) {
        if (&pod == &pods[3] && i == 777) continue;
        const std::string path = "/" + slugs[static_cast<std::size_t>(i)] + "/";
        const roll::Place next = paths.next(last, path);
        last = next == roll::kNoPlace ? paths.put(path) : next;
        pod.list(last);
      }
      given.push_back(&pod);
    }
    const roll::Locations places = roll::locate(entries, routes, Trust::kAssumed, given, paths);
    std::size_t missing = 0;
    for (const roll::Declarations& pod : pods)
      for (const roll::Place place : places.place) missing += !pod.lists(place);
    if (missing != 1) state.SkipWithError("it is not one that is missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kPosts * kPods);
}
BENCHMARK(setDifference)
    ->Name("set difference, 100,000 posts on 10 pods")
    ->Unit(benchmark::kMillisecond);

// Made anew, as after each report: what was made is kept for the next scrape.
void metricsText(benchmark::State& state) {
  Metrics metrics(nullptr);
  const auto report = std::make_shared<const Report>(sampleMany());
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    metrics.publish(report, nullptr);
    bytes = metrics.text().size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(metricsText)->Name("metrics text, 50 pods")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rollcall
