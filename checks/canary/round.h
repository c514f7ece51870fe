// One round of uploads through all pods.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/canary/files.h"
#include "checks/canary/upload.h"
#include "daemon/core/check.h"
#include "daemon/ghost/version.h"
#include "daemon/net/pod_client.h"

namespace rollcall::checks::canary {

class Round {
 public:
  // `uploads` counts the names this process gave to uploads.
  Round(const CheckContext& context, std::uint64_t& uploads);
  // Findings and gaps of uploads only.
  Outcome run();

 private:
  struct Place {
    const Pod* pod = nullptr;
    bool answers = false;
    std::optional<ghost::Version> version;
    UploadSight upload;
    int failed = 0;  // uploads that did, in a row
  };

  void askVersions(const std::vector<Place*>& places);
  void uploadThrough(const std::vector<Place*>& places);
  void judgeUploads();
  void claimFailed(const Place& place);
  void fetch();
  void fetchThrough(const std::vector<std::pair<std::size_t, std::size_t>>& pairs, Reason reason);
  void fetchAgain(std::vector<std::pair<std::size_t, std::size_t>> pairs);
  void leaveOutElsewhere();
  void judgeFetches();
  void claimUnreadable(std::size_t pod, const Fetch& fetch);
  void claimApart(std::size_t pod, const std::vector<std::pair<std::size_t, std::size_t>>& misses);
  void claimUndecided(const std::vector<std::pair<std::size_t, std::size_t>>& misses);
  Finding apartFinding(const std::vector<std::pair<std::size_t, std::size_t>>& misses) const;
  void gap(const Pod& pod, std::string what, Error why);
  std::vector<Place*> those(const std::function<bool(const Place&)>& wanted);

  const CheckContext& context_;
  std::uint64_t& uploads_;
  std::vector<Place> places_;
  UploadedFiles files_;
  Fetched fetched_;
  std::size_t asked_ = 0;
  Outcome outcome_;
};

}  // namespace rollcall::checks::canary
