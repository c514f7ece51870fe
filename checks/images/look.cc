#include "checks/images/look.h"

#include <deque>
#include <map>

#include "checks/images/reference.h"
#include "daemon/content/content_dir.h"

namespace rollcall::checks::images {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAtOnce = 4;
constexpr std::size_t kMaxFailures = 3;  // or one timeout, then the pod is left alone
constexpr Duration kPodsTime = 10s;      // for all requests of a look,
constexpr Duration kVolumeTime = 5s;     // and for the content folder

class Line {
 public:
  Line(Asked& asked, const std::vector<Question>& questions, PodBatch& batch)
      : asked_(asked), questions_(questions), batch_(batch), sights_(questions.size()) {
    for (Sight& sight : sights_)
      sight.why = asked.silent.value_or(
          Error{ErrorCode::kUnavailable, "it did not answer when asked for other files"});
    for (std::size_t i = 0; i < kAtOnce && !asked_.silent; ++i) askNext();
  }

  // After the batch was driven.
  std::vector<Sight> sights() {
    if (isLeftAlone() || (failures_ > 0 && failures_ == answers_)) asked_.silent = why_;
    return std::move(sights_);
  }

 private:
  bool isLeftAlone() const {
    return failures_ >= kMaxFailures || why_.code == ErrorCode::kDeadlineExceeded;
  }

  void askNext() {
    if (next_ == questions_.size() || isLeftAlone()) return;
    const std::size_t number = next_++;
    batch_.get(*asked_.pod,
               PodRequest{.path = requestPath(questions_[number].path),
                          .reason = questions_[number].reason,
                          .keepBytes = 0,
                          .firstByte = true,
                          .onBody = {}},
               [this, number](const Result<HttpResponse>& answer) {
                 ++answers_;
                 sights_[number] = sightOf(answer);
                 if (!answer) ++failures_, why_ = answer.error();
                 askNext();
               });
  }

  Asked& asked_;
  const std::vector<Question>& questions_;
  PodBatch& batch_;
  std::vector<Sight> sights_;
  std::size_t next_ = 0, answers_ = 0, failures_ = 0;
  Error why_;
};

OnVolume onVolume(const Result<FileFacts>& facts, std::optional<Error>& trouble) {
  if (!facts && facts.error().code == ErrorCode::kNotFound) return {.there = There::kNo};
  if (!facts) {
    if (!trouble) trouble = facts.error();
    return {.there = There::kUnknown};
  }
  if (facts->kind != EntryKind::kFile) return {.there = There::kUnknown};
  return {.there = There::kYes, .size = facts->size, .changed = facts->changed};
}

// images/, media/ and files/ may be mounts of their own.
void lookAtVolume(const CheckContext& context, Looks& looks) {
  const Deadline deadline = context.deadline.atMost(context.clock, kVolumeTime);
  std::map<std::string, std::vector<FileLook*>> folders;
  for (FileLook& file : looks.files)
    folders[file.path.substr(0, file.path.find('/'))].push_back(&file);
  for (auto& [folder, files] : folders) {
    std::optional<Error> absence;
    std::vector<std::string> paths;
    for (const FileLook* file : files) paths.push_back(file->path);
    const auto facts = context.dir->stat(paths, deadline);
    for (std::size_t i = 0; i < files.size(); ++i) {
      files[i]->volume =
          facts ? onVolume((*facts)[i], looks.volume) : OnVolume{.there = There::kUnknown};
      if (files[i]->volume.there == There::kNo && !absence) absence = (*facts)[i].error();
    }
    if (!facts && !looks.volume) looks.volume = facts.error();
    if (!absence) continue;
    const auto doubt = doubtOf(*absence, folder, *context.dir, deadline);
    if (!doubt) continue;
    looks.volume = doubt;
    for (FileLook* file : files)
      if (file->volume.there == There::kNo) file->volume.there = There::kUnknown;
  }
}

}  // namespace

Looks lookAt(const CheckContext& context, std::vector<Asked>& pods,
             const std::vector<Question>& questions) {
  Looks looks;
  const auto batch = context.pods.batch(context.budget);
  std::deque<Line> lines;
  for (Asked& one : pods) lines.emplace_back(one, questions, *batch);
  batch->drive(context.deadline.atMost(context.clock, kPodsTime), context.stop);
  for (const Question& question : questions) looks.files.push_back({.path = question.path});
  for (Line& line : lines) {
    std::vector<Sight> sights = line.sights();
    for (std::size_t i = 0; i < questions.size(); ++i)
      looks.files[i].pods.push_back(std::move(sights[i]));
  }
  if (context.dir && !questions.empty()) lookAtVolume(context, looks);
  return looks;
}

}  // namespace rollcall::checks::images
