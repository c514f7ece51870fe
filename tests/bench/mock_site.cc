// A site of Ghost on several pods that is none: fast, counted, and wrong where it is told to be.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "tests/bench/mock_site_answers.h"
#include "tests/bench/mock_site_control.h"
#include "tests/bench/mock_site_rows.h"
#include "tests/bench/mock_site_server.h"
#include "tests/bench/mock_site_state.h"

namespace {

using namespace rollcall::bench;

struct Options {
  Shape shape;
  PodSettings pod{.url = "http://example.org"};
  std::size_t pods = 3;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  bool addresses = false;
  std::uint16_t controlPort = 0;
  std::string certificate, key;
  bool tables = false;
};

void addShape(CLI::App& app, Shape& shape) {
  app.add_option("--seed", shape.seed, "another seed is another site (default 1)");
  app.add_option("--posts", shape.posts, "published posts (default 1000)");
  app.add_option("--pages", shape.pages, "published pages (default 10)");
  app.add_option("--tags", shape.tags, "tags, which the posts take in turn (default 20)");
  app.add_option("--authors", shape.authors, "authors, likewise (default 5)");
  app.add_option("--drafts", shape.drafts, "drafts, in the database alone (default 5)");
}

void addServe(CLI::App& app, Options& options) {
  app.add_option("--pods", options.pods, "how many pods (default 3)")->check(CLI::Range(1, 200));
  app.add_option("--address", options.address, "of the pods and the control port (127.0.0.1)");
  app.add_option("--port", options.port,
                 "of the first pod, the others follow; 0 (default): any free ones");
  app.add_flag("--addresses", options.addresses,
               "each pod has an address of its own, all the same port: --address and those after "
               "it");
  app.add_option("--control-port", options.controlPort, "0 (default): any free one");
  app.add_option("--tls-cert", options.certificate, "PEM: the pods speak TLS; needs --tls-key");
  app.add_option("--tls-key", options.key, "PEM");
  app.add_option("--url", options.pod.url, "the site's (default http://example.org)");
  app.add_option("--ghost", options.pod.version,
                 "version that the pods show (default 5.130); from 6.57 on a pod serves what it "
                 "does not list");
  app.add_option("--page-bytes", options.pod.pageBytes, "of a page's text (default 16384)");
  app.add_option("--images", options.pod.images, "percent of the posts with a picture (default 0)")
      ->check(CLI::Range(0, 100));
}

// "127.0.0.1" and 2 -> "127.0.0.3".
std::string addressAfter(const std::string& first, std::size_t steps) {
  const std::size_t dot = first.rfind('.');
  return first.substr(0, dot + 1) + std::to_string(std::stoul(first.substr(dot + 1)) + steps);
}

void serve(const Options& options) {
  SiteState site(options.shape, options.pods);
  const Pods pods(options.pod, site);
  Server server;
  const bool tls = !options.certificate.empty();
  nlohmann::json told = {{"url", options.pod.url}, {"key", kContentKey}};
  if (tls) server.useTls(options.certificate, options.key);
  std::uint16_t port = options.port;
  for (std::size_t pod = 0; pod < options.pods; ++pod) {
    const std::string address =
        options.addresses ? addressAfter(options.address, pod) : options.address;
    const std::uint16_t got =
        server.listen(address, port, [&pods, pod](const Request& request, bool, std::string& out) {
          pods.answer(pod, request, out);
        });
    port = options.addresses ? got : static_cast<std::uint16_t>(port == 0 ? 0 : port + 1);
    told["pods"].push_back(
        {{"name", fmt::format("pod-{}", pod + 1)},
         {"url", fmt::format("{}://{}:{}", tls ? "https" : "http", address, got)}});
  }
  server.usePlain();
  const std::uint16_t control =
      server.listen(options.address, options.controlPort,
                    [&site](const Request& request, bool post, std::string& out) {
                      answerControl(site, request, post, out);
                    });
  told["control"] = fmt::format("http://{}:{}", options.address, control);
  fmt::print("{}\n", told.dump());
  std::fflush(stdout);
  server.run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("A mock site of Ghost on several pods, for benchmarks and tests");
  app.require_subcommand(1);
  CLI::App* const serving = app.add_subcommand(
      "serve", "Listen until SIGTERM; one line of JSON on stdout says where, and the API key");
  CLI::App* const rows = app.add_subcommand(
      "rows", "Write the database's rows as SQL to stdout: pipe it to mariadb DATABASE");
  addShape(*serving, options.shape);
  addServe(*serving, options);
  addShape(*rows, options.shape);
  rows->add_flag("--tables", options.tables,
                 "before them, Ghost's tables as far as Rollcall reads");
  serving->footer(kControlHelp);
  CLI11_PARSE(app, argc, argv);
  try {
    if (serving->parsed()) {
      serve(options);
    } else {
      if (options.tables) writeTables(stdout);
      writeRows(options.shape, stdout);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "mock_site: {}\n", error.what());
    return 1;
  }
  return 0;
}
