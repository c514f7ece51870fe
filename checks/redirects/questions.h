// Asking pods for redirects, and what an answer means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/redirects/expectations.h"
#include "daemon/core/check.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::redirects {

struct Question {
  Expectation expected;
  bool removed = false;  // the rule is gone: must not be answered like that any more
};

enum class Seen {
  kFollows,    // as the rule says
  kMissing,    // as a pod answers that does not know the rule
  kElsewhere,  // redirected, but to another address or with another status
  kUnclear,    // no answer, or one that says nothing about the rule
};

struct Answer {
  Seen seen = Seen::kUnclear;
  int status = 0;
  std::string location;  // as sent, cut
  Error why;             // when unclear
};

// Pure.
Answer understand(const Expectation& expected, const Result<HttpResponse>& response,
                  const Site& site);
bool isWrong(const Question& question, const Answer& answer);

// answers[question][pod]; a pod that was not asked has none.
using Answers = std::vector<std::vector<std::optional<Answer>>>;

// Which (question, pod) to ask; all when empty.
using Wanted = std::vector<std::pair<std::size_t, std::size_t>>;

Answers ask(const CheckContext& context, const std::vector<const Pod*>& pods,
            const std::vector<Question>& questions, const Wanted& wanted, Reason reason);

}  // namespace rollcall::checks::redirects
