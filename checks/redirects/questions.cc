#include "checks/redirects/questions.h"

#include <fmt/format.h>
#include <strings.h>

#include "daemon/api/pod_api.h"
#include "daemon/ghost/routes.h"
#include "daemon/net/redirect.h"

namespace rollcall::checks::redirects {
namespace {

constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kKeptBytes = 4096;  // of a page nobody reads

std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, kShownBytes))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > kShownBytes ? clean + "..." : clean;
}

bool isSamePlace(std::string_view one, std::string_view other) {
  while (one.ends_with('/')) one.remove_suffix(1);
  while (other.ends_with('/')) other.remove_suffix(1);
  return one.size() == other.size() && ::strncasecmp(one.data(), other.data(), one.size()) == 0;
}

Seen whereTo(const Expectation& expected, int status, const Target& target, const Site& site) {
  if (target == expected.target)
    return status == expected.status() ? Seen::kFollows : Seen::kElsewhere;
  const std::string asked = ghost::decodePath(expected.path);
  // To https, or to the host of its own `url`: the check `pods` speaks of that.
  if (!target.site.empty() && isSamePlace(target.path, site.pathOf(asked))) return Seen::kUnclear;
  const bool own = target.site.empty();
  if (own &&
      (isSamePlace(target.path, asked) || target.path == "/404/" || target.path == "/private/"))
    return Seen::kMissing;
  return Seen::kElsewhere;
}

}  // namespace

Answer understand(const Expectation& expected, const Result<HttpResponse>& response,
                  const Site& site) {
  Answer answer;
  if (!response) {
    answer.why = response.error();
    return answer;
  }
  answer.status = response->status;
  const std::string_view location = response->header("location");
  answer.location = shown(location);
  if (isRedirect(answer.status) && !location.empty()) {
    answer.seen = whereTo(expected, answer.status, parseTarget(location, site), site);
    if (answer.seen == Seen::kUnclear)
      answer.why = {ErrorCode::kProtocol,
                    fmt::format("it redirects to {}: its url is another", answer.location)};
    return answer;
  }
  if (answer.status == 200 || answer.status == 404 || answer.status == 410) {
    answer.seen = Seen::kMissing;
    return answer;
  }
  answer.why = api::troubleOf(response).value_or(Error{ErrorCode::kProtocol, "it answers oddly"});
  return answer;
}

bool isWrong(const Question& question, const Answer& answer) {
  if (answer.seen == Seen::kUnclear) return false;
  return question.removed ? answer.seen == Seen::kFollows : answer.seen != Seen::kFollows;
}

Answers ask(const CheckContext& context, const std::vector<const Pod*>& pods,
            const std::vector<Question>& questions, const Wanted& wanted, Reason reason) {
  Answers answers(questions.size(), std::vector<std::optional<Answer>>(pods.size()));
  const auto batch = context.pods.batch(context.budget);
  const auto askOne = [&](std::size_t question, std::size_t pod) {
    PodRequest request;
    request.path = questions[question].expected.path;
    request.reason = reason;
    request.keepBytes = kKeptBytes;
    batch->get(*pods[pod], std::move(request), [&, question, pod](Result<HttpResponse> response) {
      answers[question][pod] = understand(questions[question].expected, response, context.site);
    });
  };
  if (wanted.empty())
    for (std::size_t q = 0; q < questions.size(); ++q)
      for (std::size_t p = 0; p < pods.size(); ++p) askOne(q, p);
  for (const auto& [question, pod] : wanted) askOne(question, pod);
  batch->drive(context.deadline, context.stop);
  return answers;
}

}  // namespace rollcall::checks::redirects
