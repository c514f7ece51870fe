#include "daemon/k8s/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "daemon/k8s/json.h"

namespace rollcall::k8s {
namespace {

constexpr std::streamsize kMaxFileBytes = 64 << 10;
constexpr Duration kTokenAge = std::chrono::minutes(1);

// The file's only line.
Result<std::string> readLine(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code))
    return Error{ErrorCode::kNotFound, fmt::format("there is no file {}", path)};
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(kMaxFileBytes), '\0');
  file.read(text.data(), kMaxFileBytes);
  if (!file.eof())
    return Error{ErrorCode::kPermissionDenied, fmt::format("{} cannot be read", path)};
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const bool plain = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || !plain)
    return Error{ErrorCode::kProtocol, fmt::format("{} does not hold one line of text", path)};
  return text;
}

bool isPort(std::string_view text) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() && number > 0 && number < 65536;
}

Error incomplete(const Wish& wish, const Error& why) {
  return invalidArgument(
      fmt::format("{}, but Rollcall's service account is not to be had: {} (is "
                  "automountServiceAccountToken false?)",
                  wish.what, why.message));
}

}  // namespace

Result<Cluster> locateCluster(const Surroundings& surroundings, const std::string& nameSpace,
                              const Wish& wish) {
  if (surroundings.host.empty())
    return invalidArgument(
        fmt::format("{}, but this is no container of a cluster (KUBERNETES_SERVICE_HOST is not "
                    "set): run it there, or {}",
                    wish.what, wish.otherwise));
  const std::string port = surroundings.port.empty() ? "443" : surroundings.port;
  const bool isHost = std::ranges::all_of(surroundings.host, [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == ':' || c == '-';
  });
  if (!isHost || !isPort(port))
    return invalidArgument(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT_HTTPS are no host and port");
  const bool v6 = surroundings.host.find(':') != std::string::npos;
  Cluster cluster;
  cluster.url =
      fmt::format("https://{}:{}", v6 ? "[" + surroundings.host + "]" : surroundings.host, port);
  cluster.caFile = surroundings.accountFolder + "/ca.crt";
  cluster.tokenFile = surroundings.accountFolder + "/token";
  std::error_code code;
  if (!std::filesystem::exists(cluster.caFile, code))
    return incomplete(wish,
                      {ErrorCode::kNotFound, fmt::format("there is no file {}", cluster.caFile)});
  if (const auto token = readLine(cluster.tokenFile); !token)
    return incomplete(wish, token.error());
  cluster.nameSpace = nameSpace;
  if (!nameSpace.empty()) return cluster;
  const auto own = readLine(surroundings.accountFolder + "/namespace");
  if (!own) return incomplete(wish, own.error());
  if (!isName(*own))
    return incomplete(wish,
                      {ErrorCode::kProtocol, surroundings.accountFolder + "/namespace names none"});
  cluster.nameSpace = *own;
  return cluster;
}

Result<std::string> Token::get() {
  if (readAt_ && clock_.mono() - *readAt_ < kTokenAge) return token_;
  Result<std::string> token = readLine(file_);
  if (!token)
    return Error{ErrorCode::kUnavailable,
                 "the service account's token cannot be read: " + token.error().message};
  token_ = *token;
  readAt_ = clock_.mono();
  return token_;
}

}  // namespace rollcall::k8s
