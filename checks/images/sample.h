// Which files a run asks for, and what is remembered from run to run. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checks/images/judge.h"
#include "checks/images/look.h"
#include "checks/images/questions.h"

namespace rollcall::checks::images {

struct Wanted {
  std::string path;
  Owner owner;
};

// A file that was found wrong: asked for in every run until it is right.
struct Standing {
  Owner owner;
  bool missing = false;  // everywhere

  bool operator==(const Standing&) const = default;
};

struct Memory {
  std::map<std::string, Standing> standing;  // by path
  // The walk over all tables: what it found and did not ask for yet, and where it goes on.
  std::deque<Wanted> waiting;
  std::size_t table = 0;  // of kTables
  std::string after;
  std::map<Table, std::string> refused;  // what the account may not read, and why
  bool anyLocal = false;                 // a file of the content folder was ever seen referenced
};

// The files of one run, each once.
class Sample {
 public:
  // False when it is there already.
  bool add(Wanted wanted, Reason reason);
  std::size_t size() const { return questions_.size(); }
  const std::vector<Question>& questions() const { return questions_; }
  const Owner& ownerOf(const std::string& path) const { return owners_.at(path); }

 private:
  std::vector<Question> questions_;
  std::map<std::string, Owner> owners_;
};

// The first file of each, then the others; nothing of what is still settling.
std::vector<Wanted> inTurn(const References& references);

// Leaves out of `standing` what `now`, the present rows of its owners, does not reference any more,
// and brings the owners of the others up to date. Returns those that may be judged.
std::vector<Wanted> refresh(std::map<std::string, Standing>& standing, const References& now);

// What is asked for again next time: what was claimed, at most `most` files and few of each pod;
// and what stood before and could not be judged.
struct Judged {
  std::vector<Claim> claims;
  std::set<std::string> right;  // paths that were seen and are right
};
std::map<std::string, Standing> nextStanding(const std::map<std::string, Standing>& before,
                                             const Judged& judged, const Sample& sample,
                                             std::size_t most);

}  // namespace rollcall::checks::images
