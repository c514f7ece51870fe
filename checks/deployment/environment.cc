#include "checks/deployment/environment.h"

#include <algorithm>
#include <string_view>

namespace rollcall::checks::deployment {
namespace {

using k8s::EnvValue;
using k8s::WorkloadPod;

enum class Role { kUrl, kHost, kPart, kUser };
struct Compared {
  const char* variable;
  Role role;
};
constexpr Compared kCompared[] = {{"url", Role::kUrl},
                                  {"database__connection__host", Role::kHost},
                                  {"database__connection__port", Role::kPart},
                                  {"database__connection__database", Role::kPart},
                                  {"database__connection__user", Role::kUser},
                                  {"GHOST_HOST", Role::kHost},
                                  {"GHOST_DATABASE_HOST", Role::kHost},
                                  {"GHOST_DATABASE_PORT_NUMBER", Role::kPart},
                                  {"GHOST_DATABASE_NAME", Role::kPart},
                                  {"GHOST_DATABASE_USER", Role::kUser},
                                  {"MARIADB_HOST", Role::kHost},
                                  {"MARIADB_PORT", Role::kPart},
                                  {"MARIADB_DATABASE", Role::kPart},
                                  {"MARIADB_USERNAME", Role::kUser}};

void dropEnd(std::string& text, std::string_view end) {
  if (text.size() > end.size() && text.ends_with(end)) text.resize(text.size() - end.size());
}

// "mysql.blog.svc.cluster.local." of a pod in blog is "mysql".
std::string shortHost(std::string host, const std::string& nameSpace) {
  dropEnd(host, ".");
  dropEnd(host, ".cluster.local");
  dropEnd(host, ".svc");
  dropEnd(host, "." + nameSpace);
  return host;
}

const EnvValue* valueOf(const WorkloadPod& pod, const std::string& variable) {
  const auto found = pod.ghost->env.find(variable);
  return found == pod.ghost->env.end() ? nullptr : &found->second;
}

// All have it from the same place, or nobody has it.
bool isAlike(const std::vector<const WorkloadPod*>& pods, const std::string& variable) {
  const EnvValue* first = valueOf(*pods.front(), variable);
  return std::ranges::all_of(pods, [&](const WorkloadPod* pod) {
    const EnvValue* one = valueOf(*pod, variable);
    return !one == !first && (!one || *one == *first);
  });
}

}  // namespace

std::string Difference::usual() const {
  const auto most =
      std::ranges::max_element(pods, {}, [](const auto& one) { return one.second.size(); });
  if (most == pods.end()) return "";
  const auto as = std::ranges::count_if(
      pods, [&](const auto& one) { return one.second.size() == most->second.size(); });
  return as == 1 ? most->first : "";
}

Comparison compareEnvironments(const std::vector<const WorkloadPod*>& pods,
                               const std::string& nameSpace) {
  Comparison comparison;
  if (pods.empty()) return comparison;
  for (const auto& [variable, role] : kCompared) {
    if (isAlike(pods, variable)) continue;
    Difference difference{variable, {}};
    bool unseen = false;
    for (const WorkloadPod* pod : pods) {
      const EnvValue* value = valueOf(*pod, variable);
      unseen |= !value || value->value.empty();
      if (!value || value->value.empty()) continue;
      difference.pods[role == Role::kHost ? shortHost(value->value, nameSpace) : value->value]
          .push_back(pod->pod.name);
    }
    if (difference.pods.size() > 1)
      (role == Role::kUser ? comparison.users : comparison.differences)
          .push_back(std::move(difference));
    else if (unseen)
      comparison.doubtful.emplace_back(variable);
  }
  return comparison;
}

}  // namespace rollcall::checks::deployment
