// Whether pods run with the same url and database, as far as their environment shows it. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/k8s/workload_objects.h"

namespace rollcall::checks::deployment {

// A variable of which not all pods have the same value.
struct Difference {
  std::string variable;
  std::map<std::string, std::vector<std::string>> pods;  // by value: the pods' names

  // The value of more pods than any other; empty when no value is.
  std::string usual() const;
};

struct Comparison {
  std::vector<Difference> differences;  // of url, or of where the database is
  std::vector<Difference> users;        // of who asks the database: that may be on purpose
  // Variables that pods take from different places: whether they differ is not to be seen.
  std::vector<std::string> doubtful;
};
// Of pods whose Ghost is known. Names of the namespace's own Services compare in their short form.
Comparison compareEnvironments(const std::vector<const k8s::WorkloadPod*>& pods,
                               const std::string& nameSpace);

}  // namespace rollcall::checks::deployment
