// Where the API of the cluster is that Rollcall itself runs in, and who it is there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall::k8s {

// What Kubernetes gives every container.
struct Surroundings {
  std::string host;  // KUBERNETES_SERVICE_HOST
  std::string port;  // KUBERNETES_SERVICE_PORT_HTTPS, else KUBERNETES_SERVICE_PORT
  std::string accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
};

struct Cluster {
  std::string url;        // "https://10.96.0.1:443", without a slash at its end
  std::string caFile;     // its certificate is verified against nothing else
  std::string tokenFile;  // replaced now and then while we run
  std::string nameSpace;  // Rollcall's own
};

// What the API is wanted for, for the sentence that says it is not to be had.
struct Wish {
  std::string_view what = "the pods are to come from Kubernetes";
  std::string_view otherwise = "name the pods with --pod";
};

// kInvalidArgument outside of a cluster, or when the service account's folder lacks something; a
// sentence that says what. `nameSpace` replaces Rollcall's own when it is not empty.
Result<Cluster> locateCluster(const Surroundings& surroundings, const std::string& nameSpace,
                              const Wish& wish = {});

// The token, read again at most each minute. Used by one thread.
class Token {
 public:
  Token(const Clock& clock, std::string file) : clock_(clock), file_(std::move(file)) {}
  // The file's content. An Error when it cannot be read, though it could before.
  Result<std::string> get();
  // It was refused: the next get() reads the file, however young what is known.
  void doubt() { readAt_.reset(); }

 private:
  const Clock& clock_;
  const std::string file_;
  std::string token_;
  std::optional<MonoTime> readAt_;
};

}  // namespace rollcall::k8s
