#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "daemon/db/host_lookup.h"
#include "daemon/net/curl_handles.h"
#include "daemon/net/smtp_client.h"

namespace rollcall {

namespace {
using namespace std::chrono_literals;

// A real greeting or EHLO has a dozen lines at most.
constexpr std::size_t kMaxLines = 200;
// For an answer to QUIT; to the library's own, after a mail, beyond the whole time.
constexpr long kFarewellSeconds = 5;
constexpr Duration kLongestNap = 60s;
constexpr std::array<std::string_view, 8> kCommands = {"EHLO", "HELO", "STARTTLS", "AUTH",
                                                       "MAIL", "RCPT", "DATA",     "QUIT"};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

// One dialogue. After the login it says QUIT itself, or sends the mail.
class Dialogue {
 public:
  Dialogue(const SmtpQuestion& question, Duration left);
  bool start();
  SmtpVisit take(CURLcode code);
  // Of a transfer that was given up.
  SmtpVisit takeUnfinished(SmtpEnd end);
  CURL* easy() const { return easy_.get(); }

 private:
  template <class T>
  bool set(CURLoption option, T value) {
    return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }
  bool setTls();
  bool setMail();
  static std::size_t onLine(char* data, std::size_t, std::size_t size, void* self);
  static int onTrace(CURL*, curl_infotype type, char* data, std::size_t size, void* self);
  static std::size_t onRead(char* to, std::size_t, std::size_t room, void* self);
  static std::size_t onBody(char*, std::size_t, std::size_t size, void*) { return size; }
  bool takeLine(std::string_view line);
  void takeCommand(std::string_view sent);
  SmtpEnd endOf(CURLcode code);
  SmtpEnd brokenEnd() const;
  bool isMailRefused() const;
  bool isOver() const;
  SmtpEnd tlsEnd() const;

  const SmtpQuestion& question_;
  const Duration left_;
  Easy easy_;
  List recipients_;
  SmtpVisit visit_;
  std::string command_;
  bool open_ = false;  // the last reply has further lines
  std::size_t lines_ = 0;
  std::size_t sent_ = 0;
  std::optional<SmtpEnd> ended_;  // by ourselves
  char detail_[CURL_ERROR_SIZE] = "";
};

Dialogue::Dialogue(const SmtpQuestion& question, Duration left)
    : question_(question), left_(left), easy_(curl_easy_init()) {
  if (!easy_) throw std::bad_alloc();
}

bool Dialogue::start() {
  const bool ipv6 = question_.host.find(':') != std::string::npos;
  const std::string url = fmt::format(
      "{}://{}{}{}:{}", question_.security == SmtpSecurity::kImplicit ? "smtps" : "smtp",
      ipv6 ? "[" : "", question_.host, ipv6 ? "]" : "", question_.port);
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(left_).count();
  return set(CURLOPT_URL, url.c_str()) && set(CURLOPT_ERRORBUFFER, detail_) &&
         set(CURLOPT_HEADERFUNCTION, &Dialogue::onLine) && set(CURLOPT_HEADERDATA, this) &&
         set(CURLOPT_DEBUGFUNCTION, &Dialogue::onTrace) && set(CURLOPT_DEBUGDATA, this) &&
         set(CURLOPT_VERBOSE, 1L) && set(CURLOPT_WRITEFUNCTION, &Dialogue::onBody) &&
         set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(millis, 1L))) &&
         set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") && set(CURLOPT_PROXY, "") &&
         set(CURLOPT_NOPROXY, "*") && set(CURLOPT_NOSIGNAL, 1L) &&
         set(CURLOPT_OPENSOCKETFUNCTION, &openSocket) && set(CURLOPT_FORBID_REUSE, 1L) &&
         set(CURLOPT_QUICK_EXIT, 1L) && setTls() && setMail();
}

bool Dialogue::setTls() {
  const long use = question_.security == SmtpSecurity::kNone        ? CURLUSESSL_NONE
                   : question_.security == SmtpSecurity::kIfOffered ? CURLUSESSL_TRY
                                                                    : CURLUSESSL_ALL;
  if (!set(CURLOPT_USE_SSL, use) || !set(CURLOPT_CERTINFO, 1L) ||
      !set(CURLOPT_SSL_VERIFYPEER, question_.verify ? 1L : 0L) ||
      !set(CURLOPT_SSL_VERIFYHOST, question_.verify ? 2L : 0L) ||
      !set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)))
    return false;
  // Only this file, without the system's folder of authorities.
  return question_.caFile.empty() || (set(CURLOPT_CAINFO, question_.caFile.c_str()) &&
                                      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)));
}

bool Dialogue::setMail() {
  if (!question_.user.empty() && (!set(CURLOPT_USERNAME, question_.user.c_str()) ||
                                  !set(CURLOPT_PASSWORD, question_.password.c_str())))
    return false;
  if (!question_.loginWay.empty() &&
      !set(CURLOPT_LOGIN_OPTIONS, ("AUTH=" + question_.loginWay).c_str()))
    return false;
  // Said by ourselves: for the library's own the total time does not count.
  if (!question_.mail) return set(CURLOPT_CUSTOMREQUEST, "QUIT");
  recipients_.reset(curl_slist_append(nullptr, question_.mail->to.c_str()));
  return recipients_ && set(CURLOPT_MAIL_FROM, question_.mail->from.c_str()) &&
         set(CURLOPT_MAIL_RCPT, recipients_.get()) && set(CURLOPT_UPLOAD, 1L) &&
         set(CURLOPT_READFUNCTION, &Dialogue::onRead) && set(CURLOPT_READDATA, this);
}

std::size_t Dialogue::onLine(char* data, std::size_t, std::size_t size, void* self) {
  try {
    return static_cast<Dialogue*>(self)->takeLine({data, size}) ? size : 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

int Dialogue::onTrace(CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
  try {
    if (type == CURLINFO_HEADER_OUT) static_cast<Dialogue*>(self)->takeCommand({data, size});
  } catch (const std::bad_alloc&) {  // the command of a reply stays unknown
  }
  return 0;
}

std::size_t Dialogue::onRead(char* to, std::size_t, std::size_t room, void* self) {
  auto& dialogue = *static_cast<Dialogue*>(self);
  const std::string_view rest =
      std::string_view(dialogue.question_.mail->text).substr(dialogue.sent_);
  const std::size_t size = std::min(room, rest.size());
  std::memcpy(to, rest.data(), size);
  dialogue.sent_ += size;
  return size;
}

// Only the verb: what follows an AUTH is a secret, and has no verb.
void Dialogue::takeCommand(std::string_view sent) {
  const std::string_view verb = sent.substr(0, sent.find_first_of(" \r\n"));
  if (std::find(kCommands.begin(), kCommands.end(), verb) == kCommands.end()) return;
  command_ = verb;
  // Not before: a greeting and a mail's last answer may take longer.
  if (command_ == "QUIT") set(CURLOPT_SERVER_RESPONSE_TIMEOUT, kFarewellSeconds);
}

bool Dialogue::takeLine(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  const bool hasCode = line.size() >= 3 && isDigit(line[0]) && isDigit(line[1]) &&
                       isDigit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!hasCode) {
    ended_ = SmtpEnd::kNoSmtp;
    // A server may repeat what it was given for a login.
    visit_.detail = command_ == "AUTH" ? "its answer to AUTH is no SMTP"
                                       : fmt::format("it says \"{}\"", quotable(line));
    return false;
  }
  // After a mail the library says QUIT, whatever became of the mail.
  if (question_.mail && command_ == "QUIT") return true;
  if (++lines_ > kMaxLines) {
    ended_ = SmtpEnd::kTooMuch;
    return false;
  }
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!open_) visit_.replies.push_back({command_, code, {}});
  visit_.replies.back().lines.push_back(line.size() > 4 ? quotable(line.substr(4)) : "");
  open_ = line.size() > 3 && line[3] == '-';
  if (open_ || command_ != "QUIT") return true;
  ended_ = SmtpEnd::kDone;
  return false;
}

bool Dialogue::isMailRefused() const {
  if (visit_.replies.empty() || visit_.replies.back().code < 400) return false;
  const std::string& command = visit_.replies.back().command;
  return command == "MAIL" || command == "RCPT" || command == "DATA";
}

// Nothing depends on the answer to our own QUIT.
bool Dialogue::isOver() const {
  return !question_.mail && command_ == "QUIT";
}

SmtpEnd Dialogue::brokenEnd() const {
  if (isOver()) return SmtpEnd::kDone;
  return isMailRefused() ? SmtpEnd::kMailRefused : SmtpEnd::kClosed;
}

SmtpEnd Dialogue::tlsEnd() const {
  const std::string_view detail = detail_;
  if (detail.find("wrong version number") != std::string_view::npos)
    return question_.security == SmtpSecurity::kImplicit ? SmtpEnd::kNoTls : SmtpEnd::kTlsFailed;
  if (detail.find("SYSCALL") != std::string_view::npos ||
      detail.find("reset") != std::string_view::npos ||
      detail.find("unexpected eof") != std::string_view::npos)
    return SmtpEnd::kClosed;
  return SmtpEnd::kTlsFailed;
}

SmtpEnd Dialogue::endOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return SmtpEnd::kDone;
    case CURLE_OPERATION_TIMEDOUT:
      return isOver() ? SmtpEnd::kDone : SmtpEnd::kTimeout;
    case CURLE_COULDNT_RESOLVE_HOST:
      return SmtpEnd::kNotResolved;
    case CURLE_COULDNT_CONNECT:
      return infoOf<long>(easy_.get(), CURLINFO_OS_ERRNO) == ECONNREFUSED ? SmtpEnd::kRefused
                                                                          : SmtpEnd::kUnreachable;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED:
      return isMailRefused() ? SmtpEnd::kMailRefused : SmtpEnd::kTurnedAway;
    case CURLE_USE_SSL_FAILED:
      return SmtpEnd::kNoStartTls;
    case CURLE_SSL_CONNECT_ERROR:
      return tlsEnd();
    case CURLE_PEER_FAILED_VERIFICATION:
      visit_.fault = saysOtherHost(detail_)
                         ? CertificateFault::kOtherHost
                         : certificateFault(infoOf<long>(easy_.get(), CURLINFO_SSL_VERIFYRESULT));
      return SmtpEnd::kCertificate;
    case CURLE_LOGIN_DENIED:
      return SmtpEnd::kLoginRefused;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return brokenEnd();
    default:
      return SmtpEnd::kInternal;
  }
}

SmtpVisit Dialogue::take(CURLcode code) {
  SmtpEnd end = ended_ ? *ended_ : endOf(code);
  visit_.certificate = leafCertificate(easy_.get());
  visit_.encrypted = !visit_.certificate.empty();
  if (end == SmtpEnd::kDone && !question_.user.empty() && !visit_.reply("AUTH"))
    end = SmtpEnd::kLoginRefused;
  if (end != SmtpEnd::kDone && visit_.detail.empty())
    visit_.detail = quotable(*detail_ != '\0' ? detail_ : curl_easy_strerror(code));
  visit_.end = end;
  return std::move(visit_);
}

SmtpVisit Dialogue::takeUnfinished(SmtpEnd end) {
  visit_.end = end;
  return std::move(visit_);
}

class CurlSmtpClient final : public SmtpClient {
 public:
  explicit CurlSmtpClient(const Clock& clock) : clock_(clock) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::bad_alloc();
  }
  ~CurlSmtpClient() override { curl_global_cleanup(); }

  SmtpVisit visit(const SmtpQuestion& question, Deadline deadline, std::stop_token stop) override {
    const Deadline end = deadline.atMost(clock_, question.timeout);
    if (auto unknown = lookUp(question.host, end, stop)) return std::move(*unknown);
    Dialogue dialogue(question, end.left(clock_));
    const Multi multi(curl_multi_init());
    if (!multi) throw std::bad_alloc();
    if (!dialogue.start() || curl_multi_add_handle(multi.get(), dialogue.easy()) != CURLM_OK)
      return dialogue.takeUnfinished(SmtpEnd::kInternal);
    SmtpVisit visit = drive(multi.get(), dialogue, end, stop);
    curl_multi_remove_handle(multi.get(), dialogue.easy());
    return visit;
  }

 private:
  // The library does not tell an unknown name from a resolver that fails.
  std::optional<SmtpVisit> lookUp(const std::string& host, Deadline end,
                                  const std::stop_token& stop) const {
    const std::optional<Error> why = HostLookup().check(clock_, host, end, stop);
    if (!why) return std::nullopt;
    SmtpVisit visit;
    visit.end = why->code == ErrorCode::kNotFound    ? SmtpEnd::kNoSuchHost
                : why->code == ErrorCode::kCancelled ? SmtpEnd::kCancelled
                                                     : SmtpEnd::kNotResolved;
    return visit;
  }

  SmtpVisit drive(CURLM* multi, Dialogue& dialogue, Deadline end,
                  const std::stop_token& stop) const {
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    while (true) {
      int active = 0;
      if (curl_multi_perform(multi, &active) != CURLM_OK)
        return dialogue.takeUnfinished(SmtpEnd::kInternal);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left))
        if (message->msg == CURLMSG_DONE) return dialogue.take(message->data.result);
      if (stop.stop_requested()) return dialogue.takeUnfinished(SmtpEnd::kCancelled);
      if (end.passed(clock_)) return dialogue.take(CURLE_OPERATION_TIMEDOUT);
      const Duration nap = std::min(end.left(clock_), kLongestNap);
      curl_multi_poll(multi, nullptr, 0,
                      static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(nap).count()),
                      nullptr);
    }
  }

  const Clock& clock_;
};

}  // namespace

std::unique_ptr<SmtpClient> makeCurlSmtpClient(const Clock& clock) {
  return std::make_unique<CurlSmtpClient>(clock);
}

}  // namespace rollcall
