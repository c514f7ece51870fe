// One run of the edge check, step by step.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checks/edge/settings.h"
#include "checks/edge/wording.h"
#include "daemon/core/check.h"
#include "daemon/net/http_client.h"

namespace rollcall::checks::edge {

// What is remembered from run to run.
struct Memory {
  std::map<std::string, Served> served;    // by id: what the edge showed, of the last day
  Keys wrong;                              // what a finding stands for; asked for until it is right
  std::map<std::string, MonoTime> purged;  // by address
};

class Run {
 public:
  Run(const Settings& settings, Memory& memory, const CheckContext& context);
  Result<Outcome> run();

 private:
  // A page and what was answered for it.
  struct Look {
    Page page;
    std::vector<Sight> pods;
    std::vector<Sight> tries;
    bool asking = true;  // the edge may be asked
  };

  std::optional<std::string> notApplicable();
  Result<void> choose();
  void lookAtCertificate();
  void lookAtPlainHttp();
  void askPods(const std::vector<Look*>& looks);
  void leaveOut();
  void askEdge(Look& look);
  void lookFirst();
  void lookAgain();
  void confirmRows();
  void conclude();
  void claim(const Look& look, Verdict verdict);
  void purge(const Look& look, Finding& finding);
  void reportUnseen();
  void reportUndecided();
  void reportUpkeep(const Page& page, const HttpResponse& answer);
  void remember();

  bool mayAskMore() const;
  Result<HttpResponse> askWeb(HttpRequest request);
  Limits limitsFor(const Page& page) const;
  WallTime now() const;
  Verdict verdictOf(const Look& look) const;
  bool mayAskAgain(const Look& look) const;
  bool isUndecided(const Look& look) const;
  std::string urlOf(const Page& page) const { return edge_.urlOf(page.path); }

  const Settings& settings_;
  Memory& memory_;
  const CheckContext& context_;
  Site edge_;  // the site, where readers come to it
  std::vector<const Pod*> pods_;
  std::vector<std::string> podNames_;
  std::vector<Look> looks_;
  std::vector<std::string> sought_;
  std::unique_ptr<HttpBatch> web_;
  std::size_t left_ = 0;  // requests to the edge
  std::size_t purges_ = 0;
  std::size_t unseen_ = 0;  // edge's answers in a row that say nothing
  bool closed_ = false;     // the edge is not asked any more
  bool isPrivate_ = false;
  bool upkeepTold_ = false;
  WallTime read_{};  // the database's clock when it was read, or ours,
  MonoTime readAt_{};
  Outcome outcome_;
};

}  // namespace rollcall::checks::edge
