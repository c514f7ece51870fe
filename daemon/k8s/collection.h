// Which objects of the API are meant, as its addresses and its access rules name them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::k8s {

struct Collection {
  std::string group;  // empty = the core group
  std::string version = "v1";
  std::string resource;   // "pods"
  std::string nameSpace;  // "blog"
  std::string selector;   // of labels, as kubectl's --selector takes it
  std::string name = {};  // the only one that is meant, whatever its labels; empty = all

  // All that Rollcall asks of it, for the rule that is missing when one is refused; empty = what
  // was refused.
  std::vector<std::string> verbs{};

  // "/api/v1/namespaces/blog/pods"
  std::string folder() const;
  // "/api/v1/namespaces/blog/pods?labelSelector=app%3Dghost"
  std::string path() const;
};

Collection podsCollection(std::string nameSpace, std::string selector);
Collection slicesCollection(std::string nameSpace, std::string_view service);
Collection leasesCollection(std::string nameSpace);
Collection eventsCollection(std::string nameSpace);

// `text` as the value of a query's parameter.
std::string queryValue(std::string_view text);

}  // namespace rollcall::k8s
