// Where the rules come from: the content folder, or a pod's Admin API; and the offers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/redirects/expectations.h"
#include "daemon/core/check.h"

namespace rollcall::checks::redirects {

struct FoundRules {
  std::optional<KnownRules> rules;  // empty when they are not known
  std::string place;                // "data/redirects.yaml in the content folder"
  std::string changed;              // its time, for people; empty when not known
  std::string broken;               // why Ghost cannot use the file; empty when it can
  bool brokenSettled = false;       // and the file is older than the settle window
  std::optional<Gap> gap;
  std::string note;
};

// `turn` says which pod's Admin API is asked, so that it is not always the same one's.
FoundRules findRules(const CheckContext& context, std::size_t turn);

struct FoundOffers {
  std::optional<std::vector<Offer>> offers;  // empty when they are not known
  std::string note;
};
// An Error when the database does not answer or does not let the account in.
Result<FoundOffers> findOffers(const CheckContext& context);

}  // namespace rollcall::checks::redirects
