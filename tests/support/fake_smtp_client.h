// An SmtpClient that answers as a test says.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "daemon/net/smtp_client.h"

namespace rollcall::testing_support {

class FakeSmtpClient final : public SmtpClient {
 public:
  // Each is given once, in order; the last is given again.
  void answers(std::vector<SmtpVisit> visits) { visits_.assign(visits.begin(), visits.end()); }

  SmtpVisit visit(const SmtpQuestion& question, Deadline, std::stop_token) override {
    questions.push_back(question);
    if (visits_.empty()) return {};
    SmtpVisit next = visits_.front();
    if (visits_.size() > 1) visits_.pop_front();
    return next;
  }

  std::vector<SmtpQuestion> questions;

 private:
  std::deque<SmtpVisit> visits_;
};

// A visit in order to a server that offers a login.
inline SmtpVisit visitInOrder(bool encrypted = true) {
  SmtpVisit visit;
  visit.end = SmtpEnd::kDone;
  visit.replies = {{"", 220, {"ready"}}, {"EHLO", 250, {"e.org", "AUTH PLAIN LOGIN"}}};
  visit.encrypted = encrypted;
  return visit;
}

inline SmtpVisit visitEndedWith(SmtpEnd end) {
  SmtpVisit visit;
  visit.end = end;
  return visit;
}

}  // namespace rollcall::testing_support
