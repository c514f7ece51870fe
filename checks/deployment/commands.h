// Commands of kubectl to look at what Ghost is deployed as and to mend it, with the objects' own
// names. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/topology.h"
#include "daemon/ghost/version.h"
#include "daemon/k8s/workload_objects.h"

namespace rollcall::checks::deployment {

// Whether kubectl can scale and patch it.
bool isKnown(const k8s::ObjectName& owner);

class Commands {
 public:
  // Both borrowed. `version` is Ghost's, when it is known.
  Commands(const std::string& nameSpace, const Site& site, std::optional<ghost::Version> version)
      : nameSpace_(nameSpace), site_(site), version_(version) {}

  std::string get(std::string_view resource, std::string_view name) const;
  // Part of an object, by a JSONPath without its braces.
  std::string part(std::string_view resource, std::string_view name, std::string_view path) const;
  // Part of Ghost's container in each pod that the selector means.
  std::string partOfAll(const std::string& selector, std::string_view path) const;
  std::string pods(const std::string& selector) const;
  std::string previousLog(const std::string& pod, const std::string& container) const;

  // Of owners that isKnown().
  std::string scaleToOne(const k8s::ObjectName& owner) const;
  std::string patch(const k8s::ObjectName& owner, const std::string& json) const;
  std::string undo(const k8s::ObjectName& owner) const;
  std::string setMemory(const k8s::ObjectName& owner, const std::string& container,
                        const std::string& limit) const;
  std::string setMail(const k8s::ObjectName& owner, const std::string& container) const;
  std::string limitAutoscaler(const std::string& name) const;

  // Patches.
  std::string recreate() const;
  std::string readFrontPage(const k8s::GhostContainer& ghost) const;
  // Liveness from Ghost's memory, and patience with a boot.
  std::string liveFromMemory(const k8s::GhostContainer& ghost) const;
  // Nothing when `path` has characters that would need an escape.
  std::optional<std::string> mountContent(const k8s::GhostContainer& ghost,
                                          std::string_view path) const;
  // Nothing when the selector is no plain list of label=value.
  std::optional<std::string> spread(const std::string& selector, std::string_view topology) const;

 private:
  std::string httpGet(const k8s::GhostContainer& ghost, const Url& at,
                      const std::string& path) const;
  std::string inNamespace() const { return "-n " + nameSpace_; }

  const std::string& nameSpace_;
  const Site& site_;
  const std::optional<ghost::Version> version_;
};

}  // namespace rollcall::checks::deployment
