// cpp-httplib reads requests and writes responses here, from and to memory. It never touches a
// socket: daemon/web/connections.h does, with limits a thread per connection could not keep.
#include "daemon/web/answers.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <cstring>

#include "daemon/web/assets.h"

namespace rollcall {
namespace {

class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view input) : input_(input) {}

  bool is_readable() const override { return !input_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, std::size_t size) override {
    const std::size_t taken = std::min(size, input_.size());
    std::memcpy(data, input_.data(), taken);
    input_.remove_prefix(taken);
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* data, std::size_t size) override {
    output.append(data, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  std::string output;

 private:
  std::string_view input_;
};

bool bringsBody(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return request.has_header("Transfer-Encoding") || (!length.empty() && length != "0");
}

// Browsers name it without a weight; whoever gives it one gets the page as it is.
bool takesGzip(std::string_view accepted) {
  while (!accepted.empty()) {
    const auto comma = accepted.find(',');
    std::string_view one = accepted.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one == "gzip") return true;
    accepted = comma == std::string_view::npos ? "" : accepted.substr(comma + 1);
  }
  return false;
}

}  // namespace

class Answers::Http final : private httplib::Server {
 public:
  explicit Http(std::unique_ptr<WebPages> pages) : pages_(std::move(pages)) {
    set_default_headers({{"Cache-Control", "no-store"},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Content-Security-Policy", contentPolicy()},
                         {"Referrer-Policy", "no-referrer"}});
    set_keep_alive_timeout(kIdleSeconds);
    set_keep_alive_max_count(kRequestsPerConnection);
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      route(request, response);
      return HandlerResponse::Handled;
    });
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
          show(plainPage(500, "internal error\n"), response);
        });
  }

  int news() const { return pages_->news(); }

  // `known`: the page that is asked for, where it has become known.
  WebAnswer to(std::string_view head, bool lastOfConnection, WebPage* known) {
    known_ = known;
    later_ = nullptr;
    MemoryStream stream(head);
    bool asksToClose = false;
    bool hasBody = false;
    bool readOnly = true;
    routed_ = false;
    process_request(stream, lastOfConnection, asksToClose, [&](httplib::Request& request) {
      gzip_ = takesGzip(request.get_header_value("Accept-Encoding"));
      // Parts of a page that changes all the time and brotli at its slowest help nobody.
      request.ranges.clear();
      request.headers.erase("Accept-Encoding");
      hasBody = bringsBody(request);
      readOnly = request.method == "GET" || request.method == "HEAD";
    });
    const std::string_view status = std::string_view(stream.output).substr(0, 12);
    if (status.empty() || (status == "HTTP/1.1 400" && !routed_))
      return refusal(400, "Bad Request");
    if (status == "HTTP/1.1 414") return refusal(414, "URI Too Long");
    if (!readOnly) return refusal(405, "Method Not Allowed", "Allow: GET, HEAD\r\n");
    if (hasBody) return refusal(413, "Content Too Large");
    if (later_) return later(std::string(head), lastOfConnection);
    return {std::move(stream.output), lastOfConnection || asksToClose};
  }

 private:
  void route(const httplib::Request& request, httplib::Response& response) {
    if (request.method != "GET" && request.method != "HEAD") return;  // refused by to()
    routed_ = true;
    if (known_ != nullptr) return show(std::move(*known_), response);
    WebPage page =
        pages_->at({request.path, WebQuery(request.params.begin(), request.params.end()), gzip_,
                    request.get_header_value("X-Prometheus-Scrape-Timeout-Seconds")});
    later_ = page.later;
    if (!later_) show(std::move(page), response);
  }
  WebAnswer later(std::string head, bool lastOfConnection) {
    const auto ask = [this, page = later_, head = std::move(head),
                      lastOfConnection](bool overdue) -> std::optional<WebAnswer> {
      try {
        std::optional<WebPage> known = page->ask(overdue);
        if (!known) return std::nullopt;
        return to(head, lastOfConnection, &*known);
      } catch (...) {
        return refusal(500, "Internal Server Error");
      }
    };
    return {"", false, std::make_shared<const LaterAnswer>(LaterAnswer{later_->until, ask})};
  }
  static void show(WebPage page, httplib::Response& response) {
    response.status = page.status;
    response.body = std::move(page.body);  // may be large: not copied
    response.set_header("Content-Type", page.type);
    if (page.encoding.empty()) return;
    response.set_header("Content-Encoding", page.encoding);
    response.set_header("Vary", "Accept-Encoding");
  }

  const std::unique_ptr<WebPages> pages_;
  // Of the request under way.
  bool gzip_ = false;
  bool routed_ = false;       // it came to a page, whatever that says
  WebPage* known_ = nullptr;  // what became known later
  std::shared_ptr<const LaterPage> later_;
};

Answers::Answers(std::unique_ptr<WebPages> pages)
    : http_(std::make_unique<Http>(std::move(pages))) {}

Answers::~Answers() = default;

WebAnswer Answers::to(std::string_view head, bool lastOfConnection) {
  try {
    return http_->to(head, lastOfConnection, nullptr);
  } catch (...) {
    return refusal(500, "Internal Server Error");
  }
}

int Answers::news() const {
  return http_->news();
}

WebPage plainPage(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text)};
}

WebAnswer refusal(int status, std::string_view reason, std::string_view headers) {
  return {fmt::format("HTTP/1.1 {} {}\r\nConnection: close\r\nCache-Control: no-store\r\n"
                      "Content-Type: text/plain\r\n{}Content-Length: {}\r\n\r\n{}\n",
                      status, reason, headers, reason.size() + 1, reason),
          true};
}

}  // namespace rollcall
