// Who is asked: the site and its pods. Immutable snapshots; copied freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// An absolute http or https URL, split. `host` is lower-case, IPv6 without brackets; `path` starts
// with '/' and has no trailing slash unless it is "/" alone, so "https://e.org/blog/" has "/blog".
struct Url {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;  // always set: the scheme's default when the text names none
  std::string path = "/";

  bool https() const { return scheme == "https"; }
  // "host" or "host:port" as a Host header wants it (IPv6 in brackets, default port left out).
  std::string authority() const;
  // scheme://authority + path, without a trailing slash.
  std::string text() const;
};

// Refuses user info, queries, fragments, other schemes, bad ports; the Error names what to mend.
Result<Url> parseUrl(std::string_view text);

// The publication as its readers know it. `admin` serves /ghost/ and the APIs when Ghost's
// `admin.url` names another host; it is `url` otherwise.
struct Site {
  Url url;
  Url admin;
  std::string title;  // from the database; empty when unknown

  // `path` ("/welcome/") below the site's sub-directory: "/blog/welcome/".
  std::string pathOf(std::string_view path) const;
  // What readers type: https://example.org/blog/welcome/
  std::string urlOf(std::string_view path) const;
};

// One Ghost process. `name` is unique within a Topology and is what reports and labels show.
struct Pod {
  std::string name;
  std::string scheme = "http";  // how the pod's own port speaks, not the site's scheme
  std::string host;             // address or name to connect to; IPv6 without brackets
  std::uint16_t port = 2368;    // Ghost's default
  bool ready = true;            // receives traffic, as far as the source knows
  bool terminating = false;     // leaving: asked, but never blamed
  std::string node;             // empty when unknown
  std::optional<WallTime> startedAt;

  // What only Kubernetes tells; empty when it was not asked.
  std::string uid;  // another pod of the same name has another
  std::string zone;
  std::optional<unsigned> restarts;  // of Ghost's container, in this pod
  std::string image;
  std::vector<std::string> claims;  // the PersistentVolumeClaims it mounts

  // Not of a pod that is leaving or fenced out: what is seen there is a note at most.
  bool mayBeBlamed() const { return ready && !terminating; }

  bool operator==(const Pod&) const = default;
  // "10.0.0.7:2368"
  std::string address() const;
};

struct Topology {
  std::vector<Pod> pods;
  // Why the list may be old or short (DNS failed, ...); empty when it is fresh and whole.
  std::string stale;
  // It is a former list: it may name pods that are no more.
  bool old = false;

  bool operator==(const Topology&) const = default;
};

// Where the pods come from. Thread-compatible: one owner calls it.
class PodSource {
 public:
  virtual ~PodSource() = default;
  // The pods now. kUnavailable/kNotFound when they cannot be listed; blocks until `deadline` at
  // most.
  virtual Result<Topology> pods(Deadline deadline) = 0;
  // How often it is worth asking.
  virtual Duration rhythm() const { return std::chrono::seconds(5); }
};

}  // namespace rollcall
