// Which version of Ghost the pods run, remembered from run to run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/ghost/version.h"

namespace rollcall::checks::database {

// Of the pods that may be blamed.
class PodVersions {
 public:
  // Asks those whose version is not known, or `all`; forgets those that are gone.
  void learn(const CheckContext& context, bool all);
  // A second look at some of them.
  void askAgain(const CheckContext& context, const std::vector<const Pod*>& pods);

  // Those known to be older than `schema`.
  std::vector<const Pod*> olderThan(const ghost::Version& schema, const Topology& topology) const;
  // Of a pod that olderThan() named.
  std::string textOf(const Pod& pod) const { return versions_.at(pod.name)->text(); }
  // A gap for each whose version could not be learned.
  std::vector<Gap> gaps(const Topology& topology) const;

 private:
  void ask(const CheckContext& context, const std::vector<const Pod*>& pods, bool shared);

  std::map<std::string, Result<ghost::Version>> versions_;  // by pod
};

}  // namespace rollcall::checks::database
