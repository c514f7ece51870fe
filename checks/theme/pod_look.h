// What the pods answer to this check's questions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/theme/state.h"
#include "daemon/core/check.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::theme {

// Which questions; an empty path is not asked.
struct Questions {
  std::string asset;               // "/assets/built/screen.css"
  std::vector<std::string> pages;  // rendered
  bool custom = false;             // custom theme settings, with the Admin API key
  bool fresh = false;              // a second look: nothing that another check was told will do
};

using Answer = std::optional<Result<HttpResponse>>;

struct PodLook {
  const Pod* pod = nullptr;
  Answer asset;
  Answer custom;
  std::map<std::string, Result<HttpResponse>> pages;
};

// One per pod that may be blamed.
std::vector<PodLook> podsToAsk(const Topology& topology);
void ask(const CheckContext& context, const Questions& questions, std::vector<PodLook>& looks);

// What an answer to the question for the asset says of the file. Of a pod in private mode, or that
// fails, nothing.
struct AssetAnswer {
  bool known = false;
  bool absent = false;
  std::uint64_t size = 0;
  std::string etag;
  // "13691 bytes", "not there"
  std::string text() const;
};
AssetAnswer assetAnswer(const Answer& answer, const Site& site);

bool leadsToPrivate(const HttpResponse& response, const Site& site);

// The names of the settings in which the pod differs from the database.
Result<std::vector<std::string>> otherSettings(
    const Result<HttpResponse>& answer, const std::map<std::string, CustomSetting>& expected);

// The Ghost version that each of these pods (indices into `looks`) names.
std::map<std::size_t, Result<std::string>> versionsOf(const CheckContext& context,
                                                      const std::vector<PodLook>& looks,
                                                      const std::vector<std::size_t>& pods,
                                                      bool fresh);

// Whether these pods (indices into `looks`) have the same general settings and tiers, so that a
// page that differs does so for another reason. An Error when it cannot be told.
Result<bool> sameSettings(const CheckContext& context, const std::vector<PodLook>& looks,
                          const std::vector<std::size_t>& pods);

}  // namespace rollcall::checks::theme
