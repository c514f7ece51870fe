#include "daemon/roll/judge.h"

#include <algorithm>

namespace rollcall::roll {
namespace {

std::string describe(const std::vector<Observation>& observations) {
  std::string text;
  for (const Observation& one : observations) {
    if (!text.empty()) text += ", ";
    text += one.pod + " " + std::string(name(one.answer.state));
  }
  return text;
}

// What a pod does that missed a change: it does not know the address, or knows the resource's or
// another one's old address; a page that fails or is served wrongly may be one pod's fault as well.
bool looksStale(const Answer& answer) {
  switch (answer.state) {
    case State::kMissing:
    case State::kServed:
    case State::kError:
      return true;
    case State::kMoved:
      return answer.disowned || answer.location.ends_with("/404/");
    case State::kDeclared:
      return answer.location == "/404/";
    case State::kOk:
    case State::kUnknown:
    case State::kTimeout:
      return false;
  }
  return false;
}

}  // namespace

std::vector<Claim> judgeResource(const std::vector<Observation>& observations, std::size_t pods,
                                 std::size_t lost) {
  std::vector<const Observation*> wrong;
  for (const Observation& one : observations)
    if (isWrong(one.answer.state)) wrong.push_back(&one);
  if (std::ranges::all_of(wrong, &Observation::remembered)) return {};
  const std::string others = describe(observations);
  const auto seen = static_cast<std::size_t>(
      std::ranges::count_if(wrong, [](const Observation* one) { return !one->remembered; }));
  const bool shared =
      lost > 0 && seen == pods - lost &&
      std::ranges::none_of(wrong, [](const Observation* one) { return looksStale(one->answer); });
  if (wrong.size() == pods || shared) {
    const Observation& worst = **std::ranges::max_element(
        wrong, {}, [](const Observation* one) { return one->answer.state; });
    return {{"", worst.answer, worst.confirmed, others}};
  }
  std::vector<Claim> claims;
  for (const Observation* one : wrong)
    if (!one->remembered) claims.push_back({one->pod, one->answer, one->confirmed, others});
  return claims;
}

bool mayListUnconfirmed(std::size_t asked, std::size_t confirmed) {
  return asked > 0 && asked == confirmed;
}

}  // namespace rollcall::roll
