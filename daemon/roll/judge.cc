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

}  // namespace

std::vector<Claim> judgeResource(const std::vector<Observation>& observations, std::size_t pods) {
  std::vector<const Observation*> wrong;
  for (const Observation& one : observations)
    if (isWrong(one.answer.state)) wrong.push_back(&one);
  if (wrong.empty()) return {};
  const std::string others = describe(observations);
  if (wrong.size() == pods) {
    const Observation& worst = **std::ranges::max_element(
        wrong, {}, [](const Observation* one) { return one->answer.state; });
    return {{"", worst.answer, worst.confirmed, others}};
  }
  std::vector<Claim> claims;
  for (const Observation* one : wrong)
    claims.push_back({one->pod, one->answer, one->confirmed, others});
  return claims;
}

bool mayListUnconfirmed(std::size_t asked, std::size_t confirmed) {
  return asked > 0 && asked == confirmed;
}

}  // namespace rollcall::roll
