#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iterator>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "daemon/net/certificate.h"
#include "daemon/net/curl_handles.h"
#include "daemon/net/curl_loop.h"
#include "daemon/net/http_client.h"
#include "daemon/net/lineup.h"
#include "daemon/net/response_head.h"

namespace rollcall {

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

namespace {
using namespace std::chrono_literals;

// Sockets open at once in one batch, below the usual limit of 1,024 files.
constexpr std::size_t kMaxInFlight = 256;
constexpr long kMaxIdleConnections = 64;
constexpr std::size_t kMaxIdleSessions = 4;
// Beyond the rhythm of the busiest checks, which keep theirs: the connections of a session that
// only a rare crowd of batches needs lead to pods which may be no more.
constexpr Duration kLongestRest = 30s;
// Until a connection is there, TLS included, however long the answer may take: what is watched for
// minutes is known to be out of reach soon.
constexpr std::chrono::milliseconds kLongestConnect = 10s;
// A page of Ghost in one piece: each further piece is a further turn.
constexpr long kReceiveBytes = 32L << 10;
// Below the 5 s after which Ghost closes an idle connection.
constexpr long kMaxIdleSeconds = 3;
constexpr long kDnsCacheSeconds = 5;
constexpr Duration kLongestNap = 60s;

// A handle to use again, with what stays set on it from page to page of a site: a URL that is given
// as text is taken to pieces and put together again by the library for every request.
struct Handle {
  // Parses `to` unless `url` is that already. False when the library cannot take it.
  bool standAt(std::string_view to);
  bool addLine(const std::string& line);

  std::string caFile;
  std::string origin;  // the text of `url`
  ParsedUrl url;
  std::vector<std::pair<std::string, std::string>> headers;  // of a request
  List lines;  // as they are sent to `origin`, set on `easy`; empty: to be set anew
  Easy easy;   // goes first: it points to the above
};

bool Handle::standAt(std::string_view to) {
  if (url && origin == to) return true;
  lines.reset();
  origin = to;
  url.reset(curl_url());
  if (!url) return false;
  if (curl_url_set(url.get(), CURLUPART_URL, origin.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    url.reset();
  return url != nullptr;
}

bool Handle::addLine(const std::string& line) {
  curl_slist* const longer = curl_slist_append(lines.get(), line.c_str());
  if (!longer) return false;
  static_cast<void>(lines.release());
  lines.reset(longer);
  return true;
}

// A set of kept-alive connections and handles to use again. Used by one thread at a time, but for
// its loop's wake().
class Session {
 public:
  explicit Session(const std::string& userAgent) : userAgent_(userAgent) {
    curl_multi_setopt(loop_.multi(), CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
  }
  CurlLoop& loop() { return loop_; }
  const std::string& userAgent() const { return userAgent_; }

  // A handle on which everything is set that is the same for every GET; see Transfer::start for the
  // rest. `caFile`: PEM; empty = the system's.
  Handle take(const std::string& caFile) {
    Handle handle;
    if (idle_.empty()) {
      handle.easy.reset(curl_easy_init());
      if (!handle.easy) throw std::bad_alloc();
      handle.caFile = caFile;
      prepare(handle.easy.get(), caFile);
    } else {
      handle = std::move(idle_.back());
      idle_.pop_back();
      if (handle.caFile != caFile) renew(handle, caFile);
    }
    return handle;
  }
  // `onlyGet`: nothing was set on it that a GET does not set anew.
  void giveBack(Handle handle, bool onlyGet) {
    curl_multi_remove_handle(loop_.multi(), handle.easy.get());
    if (!onlyGet) renew(handle, handle.caFile);
    idle_.push_back(std::move(handle));
  }

 private:
  void renew(Handle& handle, const std::string& caFile) {
    curl_easy_reset(handle.easy.get());
    handle.caFile = caFile;
    handle.lines.reset();
    prepare(handle.easy.get(), caFile);
  }
  void prepare(CURL* easy, const std::string& caFile);

  const std::string& userAgent_;
  CurlLoop loop_;
  std::vector<Handle> idle_;
};

bool isScheme(std::string_view url, std::string_view scheme) {
  return url.size() > scheme.size() && curl_strnequal(url.data(), scheme.data(), scheme.size());
}

bool isHttps(std::string_view url) {
  return isScheme(url, "https://");
}

// "https://e.org" of "https://e.org/a?b"; empty when what follows has to be parsed, too.
std::string_view originOf(std::string_view url) {
  constexpr std::string_view kScheme = "://";
  const auto slash = url.find_first_of("/?#", url.find(kScheme) + kScheme.size());
  if (slash == std::string_view::npos || url[slash] != '/') return {};
  const auto plain = [](char c) { return c > ' ' && c <= '~' && c != '#'; };
  const std::string_view target = url.substr(slash);
  return std::all_of(target.begin(), target.end(), plain) ? url.substr(0, slash)
                                                          : std::string_view();
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string hostOf(const std::string& text) {
  const ParsedUrl url(curl_url());
  char* host = nullptr;
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK)
    return "the host";
  return std::unique_ptr<char, FreeText>(host).get();
}

std::string sizeText(std::size_t bytes) {
  if (bytes >= 1u << 20 && bytes % (1u << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} bytes", bytes);
}

// Whether the library says this header by itself, from the URL.
bool saidByUrl(std::string_view url, std::string_view key, std::string_view value) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  if (key != "Host" || value.empty() || !std::all_of(value.begin(), value.end(), plain))
    return false;
  const std::string_view rest = url.substr(isHttps(url) ? 8 : 7);
  return rest.starts_with(value) && rest.substr(value.size()).starts_with('/');
}

// What keeps a request from being sent at all; empty when nothing does.
std::optional<Error> problemOf(const HttpRequest& request) {
  if (!isScheme(request.url, "http://") && !isHttps(request.url))
    return invalidArgument("only http:// and https:// URLs can be asked");
  if (hasControl(request.url) || hasControl(request.connectHost))
    return invalidArgument("the URL holds a control character");
  for (const auto& [key, value] : request.headers)
    if (hasControl(key) || hasControl(value) || key.empty())
      return invalidArgument("a request header holds a control character or has no name");
  return std::nullopt;
}

// One request on its way. The handle goes back to its session at the end.
class Transfer {
 public:
  // The batch gives it up after `left`, if its own timeout is longer.
  Transfer(Session& session, HttpRequest request, HttpDone done, Duration left)
      : session_(session),
        request_(std::move(request)),
        done_(std::move(done)),
        left_(left),
        handle_(session.take(request_.caFile)),
        head_(request_.keepFine) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  bool start();
  Result<HttpResponse> finish(CURLcode code);
  Error timeoutError() const;
  HttpDone takeDone() { return std::move(done_); }
  const std::string& queue() const { return request_.queue; }
  CURL* easy() const { return handle_.easy.get(); }
  static std::size_t onHeader(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t onBody(char* data, std::size_t, std::size_t size, void* self);

 private:
  void tellHead();
  bool takeBody(std::string_view piece);
  bool setOptions();
  bool setUrl();
  bool setMethod();
  bool setBody();
  bool setHeaders();
  bool setTarget();
  bool setCertificateOnly();
  template <class T>
  bool set(CURLoption option, T value) {
    return curl_easy_setopt(easy(), option, value) == CURLE_OK;
  }
  Error errorOf(CURLcode code) const;
  Error connectError() const;
  Error brokenError() const;
  Error tlsError() const;
  Error certificateError() const;
  Result<HttpResponse> certificateAnswer() const;
  std::string peer() const;
  std::size_t received() const { return head_.bytes() + bodyBytes_; }

  Session& session_;
  HttpRequest request_;
  HttpDone done_;
  Duration left_;
  Handle handle_;
  List connectTo_;
  ResponseHead head_;
  std::string body_;
  std::size_t bodyBytes_ = 0;
  std::optional<Error> refused_;  // why a callback ended the transfer
  std::exception_ptr thrown_;     // by a callback; must not pass through the library
  char detail_[CURL_ERROR_SIZE] = "";
};

void Session::prepare(CURL* easy, const std::string& caFile) {
  const auto set = [easy](CURLoption option, auto value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  const bool done =
      set(CURLOPT_HEADERFUNCTION, &Transfer::onHeader) &&
      set(CURLOPT_WRITEFUNCTION, &Transfer::onBody) && set(CURLOPT_ACCEPT_ENCODING, "gzip") &&
      set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) &&
      set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_FOLLOWLOCATION, 0L) &&
      set(CURLOPT_PROXY, "") && set(CURLOPT_NOPROXY, "*") && set(CURLOPT_NOSIGNAL, 1L) &&
      set(CURLOPT_BUFFERSIZE, kReceiveBytes) && set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
      set(CURLOPT_PATH_AS_IS, 1L) && set(CURLOPT_MAXAGE_CONN, kMaxIdleSeconds) &&
      set(CURLOPT_DNS_CACHE_TIMEOUT, kDnsCacheSeconds) &&
      // A lookup that hangs is left behind instead of waited for.
      set(CURLOPT_QUICK_EXIT, 1L) && set(CURLOPT_SSL_VERIFYPEER, 1L) &&
      set(CURLOPT_SSL_VERIFYHOST, 2L) &&
      set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
      // Only this file, without the system's folder of authorities, and as it is now: the library
      // would keep what it held for a day.
      (caFile.empty() ||
       (set(CURLOPT_CAINFO, caFile.c_str()) && set(CURLOPT_CA_CACHE_TIMEOUT, 0L) &&
        set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)))) &&
      loop_.prepare(easy);
  if (!done) throw std::bad_alloc();
}

std::size_t Transfer::onHeader(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    if (auto problem = transfer.head_.take({data, size})) {
      transfer.refused_ = Error{ErrorCode::kProtocol, std::move(*problem)};
      return 0;
    }
    transfer.tellHead();
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return 0;
  }
  return size;
}

std::size_t Transfer::onBody(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.takeBody({data, size}) ? size : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

void Transfer::tellHead() {
  if (!head_.complete() || !request_.onHead) return;
  // Trailers come here too.
  std::exchange(request_.onHead, nullptr)(head_.status());
}

bool Transfer::takeBody(std::string_view piece) {
  bodyBytes_ += piece.size();
  if (bodyBytes_ > request_.maxBytes) {
    refused_ = Error{ErrorCode::kProtocol,
                     fmt::format("the answer is larger than {}", sizeText(request_.maxBytes))};
    return false;
  }
  if (!request_.onBody) {
    if (!request_.keepFine && isFine(head_.status())) return true;
    body_.append(piece.substr(0, request_.keepBytes - std::min(request_.keepBytes, body_.size())));
    return true;
  }
  if (request_.onBody(piece)) return true;
  refused_ = Error{ErrorCode::kProtocol, "the reader refused the answer's content"};
  return false;
}

Transfer::~Transfer() {
  for (const CURLoption ours : {CURLOPT_ERRORBUFFER, CURLOPT_CONNECT_TO})
    set(ours, static_cast<void*>(nullptr));
  const bool onlyGet = request_.method == Method::kGet && !request_.certificateOnly;
  session_.giveBack(std::move(handle_), onlyGet);
}

bool Transfer::start() {
  if (!setOptions() || !setUrl() || !setMethod() || !setHeaders() || !setTarget() ||
      !setCertificateOnly())
    return false;
  if (curl_multi_add_handle(session_.loop().multi(), easy()) != CURLM_OK) return false;
  if (request_.onStart) request_.onStart();
  return true;
}

bool Transfer::setOptions() {
  // 0 would mean "for ever".
  const auto millis =
      std::chrono::ceil<std::chrono::milliseconds>(std::max(request_.timeout, Duration(1))).count();
  const std::int64_t connect = std::min<std::int64_t>(millis, kLongestConnect.count());
  return set(CURLOPT_ERRORBUFFER, detail_) && set(CURLOPT_HEADERDATA, this) &&
         set(CURLOPT_WRITEDATA, this) && set(CURLOPT_TIMEOUT_MS, static_cast<long>(millis)) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect));
}

// What cannot be taken apart the library parses, or says what is wrong with it.
bool Transfer::setUrl() {
  const std::string_view origin = originOf(request_.url);
  if (!origin.empty() && handle_.standAt(origin))
    return set(CURLOPT_CURLU, handle_.url.get()) &&
           set(CURLOPT_REQUEST_TARGET, request_.url.c_str() + origin.size());
  handle_.lines.reset();
  handle_.url.reset();  // the next lines are for another origin than that
  return set(CURLOPT_CURLU, static_cast<CURLU*>(nullptr)) &&
         set(CURLOPT_REQUEST_TARGET, static_cast<const char*>(nullptr)) &&
         set(CURLOPT_URL, request_.url.c_str());
}

bool Transfer::setMethod() {
  switch (request_.method) {
    case Method::kGet:
      return true;
    case Method::kPost:
      return setBody();
    case Method::kPut:
      return setBody() && set(CURLOPT_CUSTOMREQUEST, "PUT");
    case Method::kPatch:
      return setBody() && set(CURLOPT_CUSTOMREQUEST, "PATCH");
    case Method::kPurge:
      return set(CURLOPT_CUSTOMREQUEST, "PURGE");
    case Method::kBan:
      return set(CURLOPT_CUSTOMREQUEST, "BAN");
  }
  return false;
}

bool Transfer::setBody() {
  return set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())) &&
         set(CURLOPT_POSTFIELDS, request_.body.data());
}

bool Transfer::setHeaders() {
  if (handle_.lines && handle_.headers == request_.headers) return true;
  handle_.lines.reset();
  handle_.headers = request_.headers;
  // By its own options for these two the library would print each twice for every request.
  bool good = handle_.addLine("User-Agent: " + session_.userAgent()) &&
              handle_.addLine("Accept-Encoding: gzip");
  for (const auto& [key, value] : request_.headers) {
    if (saidByUrl(request_.url, key, value)) continue;
    // "Name:" would mean "do not send it".
    good = good && handle_.addLine(value.empty() ? key + ";" : key + ": " + value);
  }
  if (!good) handle_.lines.reset();
  return good && set(CURLOPT_HTTPHEADER, handle_.lines.get());
}

bool Transfer::setTarget() {
  if (request_.connectHost.empty() && request_.connectPort == 0) return true;
  std::string target = "::" + bracketed(request_.connectHost) + ":";
  if (request_.connectPort != 0) target += std::to_string(request_.connectPort);
  connectTo_.reset(curl_slist_append(nullptr, target.c_str()));
  return connectTo_ && set(CURLOPT_CONNECT_TO, connectTo_.get());
}

bool Transfer::setCertificateOnly() {
  if (!request_.certificateOnly) return true;
  return set(CURLOPT_CONNECT_ONLY, 1L) && set(CURLOPT_CERTINFO, 1L) &&
         set(CURLOPT_SSL_VERIFYPEER, 0L) && set(CURLOPT_SSL_VERIFYHOST, 0L) &&
         set(CURLOPT_FRESH_CONNECT, 1L) && set(CURLOPT_FORBID_REUSE, 1L);
}

Result<HttpResponse> Transfer::finish(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (refused_) return *refused_;
  if (code != CURLE_OK) return errorOf(code);
  if (request_.certificateOnly) return certificateAnswer();
  // The library takes a connection that closes within the headers for the end of the answer.
  if (!head_.complete()) return brokenError();
  HttpResponse response;
  response.status = head_.status();
  response.headers = head_.takeHeaders();
  response.body = std::move(body_);
  response.took = std::chrono::microseconds(infoOf<curl_off_t>(easy(), CURLINFO_TOTAL_TIME_T));
  return response;
}

Result<HttpResponse> Transfer::certificateAnswer() const {
  HttpResponse response;
  response.certificate = leafCertificate(easy());
  if (!response.certificate.empty()) return response;
  return Error{ErrorCode::kProtocol, fmt::format("{} showed no certificate", peer())};
}

std::string Transfer::peer() const {
  const std::string host =
      request_.connectHost.empty() ? hostOf(request_.url) : bracketed(request_.connectHost);
  if (request_.connectPort == 0) return host;
  return fmt::format("{}:{}", host, request_.connectPort);
}

Error Transfer::timeoutError() const {
  const auto reached = [&](CURLINFO stage) { return infoOf<curl_off_t>(easy(), stage) > 0; };
  std::string progress;
  Duration allowed = std::min(request_.timeout, left_);
  if (!reached(CURLINFO_PRETRANSFER_TIME_T)) allowed = std::min<Duration>(allowed, kLongestConnect);
  if (received() > 0)
    progress = fmt::format("connected, {} bytes received", received());
  else if (reached(CURLINFO_STARTTRANSFER_TIME_T))
    progress = "connected, the first line of the answer did not end";
  else if (reached(CURLINFO_PRETRANSFER_TIME_T))
    progress = "connected, 0 bytes received";
  else if (*infoOf<const char*>(easy(), CURLINFO_PRIMARY_IP) != '\0')
    progress = "connected, the TLS handshake did not end";
  else if (reached(CURLINFO_NAMELOOKUP_TIME_T))
    progress = "not connected";
  else
    progress = "the name did not resolve in time";
  return {ErrorCode::kDeadlineExceeded,
          fmt::format("no answer within {} ({})", formatDuration(allowed), progress)};
}

Error Transfer::errorOf(CURLcode code) const {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return timeoutError();
    case CURLE_URL_MALFORMAT:
      return invalidArgument("the URL is malformed");
    case CURLE_LOGIN_DENIED:
      return invalidArgument("the URL holds a user name or password: leave them out");
    case CURLE_COULDNT_RESOLVE_HOST:
      return {
          ErrorCode::kNotFound,
          fmt::format("the name {} does not resolve",
                      request_.connectHost.empty() ? hostOf(request_.url) : request_.connectHost)};
    case CURLE_COULDNT_CONNECT:
      return connectError();
    case CURLE_GOT_NOTHING:
      return {ErrorCode::kUnavailable, "the connection was closed without an answer"};
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return brokenError();
    case CURLE_SSL_CONNECT_ERROR:
      return tlsError();
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificateError();
    case CURLE_SSL_CACERT_BADFILE:
      return invalidArgument(
          fmt::format("the CA file {} cannot be read or holds no certificate",
                      request_.caFile.empty() ? "of this system" : request_.caFile));
    case CURLE_OUT_OF_MEMORY:  // also what the library says of a line beyond its buffer
      return {ErrorCode::kProtocol, "the answer has a header line that does not end"};
    default:
      break;
  }
  const std::string what = *detail_ != '\0' ? detail_ : curl_easy_strerror(code);
  return {ErrorCode::kProtocol, fmt::format("not a usable HTTP answer: {}", quotable(what))};
}

Error Transfer::connectError() const {
  const long number = infoOf<long>(easy(), CURLINFO_OS_ERRNO);
  std::string why = "cannot connect";
  if (number == ECONNREFUSED)
    why = "connection refused";
  else if (number == EHOSTUNREACH || number == ENETUNREACH)
    why = "no route to the host";
  else if (number != 0)
    why = fmt::format("cannot connect: {}", std::strerror(static_cast<int>(number)));
  return {ErrorCode::kUnavailable, fmt::format("{} ({})", why, peer())};
}

Error Transfer::brokenError() const {
  const std::string_view detail = detail_;
  // The library has one code for a broken connection and for nonsense in the framing.
  if (detail.find("chunk") != std::string_view::npos)
    return {ErrorCode::kProtocol, "the answer's chunked framing is malformed"};
  const bool reset = detail.find("reset") != std::string_view::npos;
  return {ErrorCode::kUnavailable,
          fmt::format("the connection was {} in the middle of the answer ({} bytes received)",
                      reset ? "reset" : "closed", received())};
}

Error Transfer::tlsError() const {
  const std::string_view detail = detail_;
  if (detail.find("SYSCALL") != std::string_view::npos ||
      detail.find("reset") != std::string_view::npos)
    return {ErrorCode::kUnavailable, "the connection was closed during the TLS handshake"};
  if (detail.find("wrong version number") != std::string_view::npos)
    return {
        ErrorCode::kProtocol,
        fmt::format("no TLS at {}: the port speaks something else, plain http perhaps", peer())};
  return {ErrorCode::kProtocol, fmt::format("the TLS handshake failed: {}", quotable(detail))};
}

Error Transfer::certificateError() const {
  const std::string host = hostOf(request_.url);
  const CertificateFault fault = certificateFault(infoOf<long>(easy(), CURLINFO_SSL_VERIFYRESULT));
  std::string why;
  if (saysOtherHost(detail_))
    why = fmt::format("the certificate does not match host {}", host);
  else if (fault == CertificateFault::kExpired)
    why = fmt::format("the certificate for {} has expired", host);
  else if (fault == CertificateFault::kNotYetValid)
    why = fmt::format("the certificate for {} is not valid yet", host);
  else if (fault == CertificateFault::kUnknownIssuer)
    why = fmt::format("the certificate for {} is not signed by an authority in {}", host,
                      request_.caFile.empty() ? "this system's CA file" : request_.caFile);
  else
    why = fmt::format("the certificate for {} cannot be verified: {}", host, quotable(detail_));
  return {ErrorCode::kProtocol, std::move(why)};
}

class CurlClient;

class CurlBatch final : public HttpBatch {
 public:
  CurlBatch(CurlClient& client, const QueueLimits& limits);
  ~CurlBatch() override;
  void add(HttpRequest request, HttpDone done) override;
  void drive(Deadline deadline, std::stop_token stop) override;

 private:
  struct Waiting {
    HttpRequest request;
    HttpDone done;
  };
  bool begin(Deadline deadline);
  bool beginOne(Waiting waiting, Deadline deadline);
  bool settle();
  bool nap(Deadline deadline);
  void endAll(ErrorCode code);

  CurlClient& client_;
  const Clock& clock_;
  std::unique_ptr<Session> session_;
  Lineup lineup_;
  Lineup::Id nextId_ = 0;
  std::unordered_map<Lineup::Id, Waiting> waiting_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> running_;
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(const Clock& clock, std::string userAgent)
      : clock_(clock), userAgent_(std::move(userAgent)) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::bad_alloc();
  }
  ~CurlClient() override {
    sessions_.clear();
    curl_global_cleanup();
  }
  std::unique_ptr<HttpBatch> batch(const QueueLimits& perQueue) override {
    return std::make_unique<CurlBatch>(*this, perQueue);
  }

  // The one used last: its connections are the likeliest to be still good.
  std::unique_ptr<Session> takeSession() {
    std::vector<Resting> over;  // connections are closed without the lock
    const MonoTime now = clock_.mono();
    std::lock_guard lock(mutex_);
    const auto kept = std::find_if(sessions_.begin(), sessions_.end(), [&](const Resting& one) {
      return now - one.since < kLongestRest;
    });
    std::move(sessions_.begin(), kept, std::back_inserter(over));
    sessions_.erase(sessions_.begin(), kept);
    if (sessions_.empty()) return std::make_unique<Session>(userAgent_);
    auto session = std::move(sessions_.back().session);
    sessions_.pop_back();
    return session;
  }
  void giveBack(std::unique_ptr<Session> session) {
    const MonoTime now = clock_.mono();
    std::lock_guard lock(mutex_);
    if (sessions_.size() < kMaxIdleSessions) sessions_.push_back({std::move(session), now});
  }
  const Clock& clock() const { return clock_; }

 private:
  struct Resting {
    std::unique_ptr<Session> session;
    MonoTime since;
  };

  const Clock& clock_;
  const std::string userAgent_;
  std::mutex mutex_;
  std::vector<Resting> sessions_;  // the longest resting first
};

CurlBatch::CurlBatch(CurlClient& client, const QueueLimits& limits)
    : client_(client), clock_(client.clock()), session_(client.takeSession()), lineup_(limits) {}

CurlBatch::~CurlBatch() {
  running_.clear();
  client_.giveBack(std::move(session_));
}

void CurlBatch::add(HttpRequest request, HttpDone done) {
  const Lineup::Id id = nextId_++;
  lineup_.add(id, request.queue, request.paced);
  waiting_.emplace(id, Waiting{std::move(request), std::move(done)});
}

void CurlBatch::drive(Deadline deadline, std::stop_token stop) {
  CurlLoop& loop = session_->loop();
  const bool usable = loop.open();
  const std::stop_callback wake(stop, [&loop] { loop.wake(); });
  while (!waiting_.empty() || !running_.empty()) {
    if (stop.stop_requested()) {
      endAll(ErrorCode::kCancelled);
      continue;
    }
    if (usable && begin(deadline)) continue;
    if (!usable || !loop.advance()) {
      endAll(ErrorCode::kInternal);
      continue;
    }
    if (settle()) continue;
    if (deadline.passed(clock_))
      endAll(ErrorCode::kDeadlineExceeded);
    else if (!nap(deadline))
      endAll(ErrorCode::kInternal);
  }
}

// True when a request was answered at once because it cannot be sent.
bool CurlBatch::begin(Deadline deadline) {
  if (deadline.passed(clock_)) return false;
  bool answered = false;
  const std::size_t room = kMaxInFlight - std::min(kMaxInFlight, running_.size());
  for (const Lineup::Id id : lineup_.begin(clock_.mono(), room)) {
    auto node = waiting_.extract(id);
    answered |= !beginOne(std::move(node.mapped()), deadline);
  }
  return answered;
}

bool CurlBatch::beginOne(Waiting waiting, Deadline deadline) {
  const std::string queue = waiting.request.queue;
  std::optional<Error> problem = problemOf(waiting.request);
  if (!problem) {
    auto transfer = std::make_unique<Transfer>(*session_, std::move(waiting.request),
                                               std::move(waiting.done), deadline.left(clock_));
    if (transfer->start()) {
      CURL* const easy = transfer->easy();
      running_.emplace(easy, std::move(transfer));
      return true;
    }
    waiting.done = transfer->takeDone();
    problem = Error{ErrorCode::kInternal, "the HTTP library refused the request"};
  }
  lineup_.release(queue);
  waiting.done(*problem);
  return false;
}

// Answers what is complete. True when there was something.
bool CurlBatch::settle() {
  bool some = false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(session_->loop().multi(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    auto node = running_.extract(message->easy_handle);
    if (node.empty()) continue;
    lineup_.release(node.mapped()->queue());
    HttpDone done = node.mapped()->takeDone();
    Result<HttpResponse> result = node.mapped()->finish(code);
    node.mapped().reset();
    done(std::move(result));
    some = true;
  }
  return some;
}

// False when the library failed.
bool CurlBatch::nap(Deadline deadline) {
  const MonoTime now = clock_.mono();
  MonoTime until = std::min(deadline.when(), now + kLongestNap);
  const auto paced = lineup_.nextPaced();
  if (paced && running_.size() < kMaxInFlight) until = std::min(until, *paced);
  return session_->loop().wait(until - now);
}

void CurlBatch::endAll(ErrorCode code) {
  std::vector<std::pair<HttpDone, Error>> ends;
  for (auto& [easy, transfer] : running_) {
    Error error{code, "given up: the HTTP library failed"};
    if (code == ErrorCode::kDeadlineExceeded) error = transfer->timeoutError();
    if (code == ErrorCode::kCancelled) error.message = "given up: asked to stop";
    lineup_.release(transfer->queue());
    ends.emplace_back(transfer->takeDone(), std::move(error));
  }
  running_.clear();
  for (const Lineup::Id id : lineup_.drain()) {
    auto node = waiting_.extract(id);
    Error error{code, "not asked: the HTTP library failed"};
    if (code == ErrorCode::kDeadlineExceeded) error.message = "not asked: the time was up before";
    if (code == ErrorCode::kCancelled) error.message = "not asked: asked to stop";
    ends.emplace_back(std::move(node.mapped().done), std::move(error));
  }
  for (auto& [done, error] : ends) done(std::move(error));
}

}  // namespace

std::unique_ptr<HttpClient> makeCurlClient(const Clock& clock, std::string userAgent) {
  return std::make_unique<CurlClient>(clock, std::move(userAgent));
}

}  // namespace rollcall
