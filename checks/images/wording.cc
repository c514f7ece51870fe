#include "checks/images/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "checks/images/reference.h"
#include "daemon/core/shell_word.h"

namespace rollcall::checks::images {
namespace {

constexpr std::size_t kListed = 5;
constexpr std::string_view kContentFolder = "/var/lib/ghost/content";  // in Ghost's images

const std::vector<FindingDef> kFindings = {
    {"RC831", Severity::kCritical, "a pod does not serve a file that others serve",
     "Readers whose request lands on that pod see a broken picture or download. It does not have "
     "the content folder of the others, or only an old view of it: an emptyDir, a volume that can "
     "be mounted on one node only, a wrong subPath, a stale mount.",
     "compare what the pods have mounted: kubectl exec NAME -- df /var/lib/ghost/content"},
    {"RC832", Severity::kWarning, "a referenced file is missing everywhere",
     "Something public shows or offers a file that no pod serves and that is not in the content "
     "folder: readers see a broken picture. It was removed, or not copied along in a move.",
     "restore the file from a backup, or put another one in its place"},
    {"RC833", Severity::kWarning, "a pod serves another version of a file",
     "Size or date of the file differ between the pods for longer than the caches of network "
     "file systems explain: a copy of its own, or replicas of the volume that do not agree.",
     "compare what the pods have mounted: kubectl exec NAME -- df /var/lib/ghost/content"},
    {"RC834", Severity::kCritical, "a pod fails on files",
     "It answers 403 or 5xx when it is asked for files of the content folder: it may not read "
     "them, the mount is stale, or the volume fails.",
     "read the file in the pod, the error tells why: kubectl exec NAME -- head -c 1 FILE"},
    {"RC835", Severity::kWarning, "the content folder is not what the pods serve",
     "Files are in the folder that Rollcall was told of and no pod serves them, or the other way "
     "round, or their sizes differ: content.path is another volume, another folder of it, or an "
     "old view of it.",
     "check content.path, and that Rollcall mounts the volume of the pods, with the same subPath"},
    {"RC836", Severity::kWarning, "a referenced file is empty",
     "Something public shows a picture, a video or a sound whose file has no content: it was "
     "written while the volume was full, or a copy was interrupted.",
     "restore the file from a backup, or put another one in its place"},
};

// "1 file", "3 files"
std::string filesOf(std::size_t count) {
  return fmt::format("{} file{}", count, count == 1 ? "" : "s");
}

std::string quoted(std::string_view slug) {
  std::string clean;
  for (const char c : slug) clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return "\"" + clean + "\"";
}

std::string nameOf(const Owner& owner) {
  return fmt::format("the {} {}", owner.type, quoted(owner.slug));
}

std::string versionOf(const Sight& sight) {
  if (!sight.size) return "ETag " + quoted(sight.etag.substr(0, 80));
  std::string text = fmt::format("{} bytes", *sight.size);
  if (sight.changed) text += " of " + formatTime(*sight.changed);
  return text;
}

std::string versionOf(const OnVolume& volume) {
  return fmt::format("{} bytes of {}", volume.size, formatTime(volume.changed));
}

// What tells this file's case from the others of the same code.
std::string detailOf(const Scene& scene, const FileLook& file) {
  switch (scene.code) {
    case Code::kNotServed:
    case Code::kMissing:
    case Code::kEmpty:
    case Code::kFailing:
      return "";
    case Code::kOtherVersion: {
      if (!scene.pod) return "";
      const Sight& own = file.pods[scene.number];
      for (const Sight& other : file.pods)
        if (other.got == Got::kServed && !other.sameVersion(own))
          return fmt::format(" ({} here, {} elsewhere)", versionOf(own), versionOf(other));
      return "";
    }
    case Code::kOtherFolder:
      if (file.count(Got::kServed) == 0) return " (in the folder only)";
      if (file.volume.there == There::kNo) return " (served only)";
      return fmt::format(" ({} served, {} in the folder)",
                         versionOf(file.pods[file.those(Got::kServed).front()]),
                         versionOf(file.volume));
  }
  return "";
}

// "/content/images/a.png of the post "x"; ..."
std::string listOf(const Scene& scene, bool owners) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kListed, scene.files.size()); ++i) {
    if (i > 0) text += "; ";
    text += requestPath(scene.files[i]->path);
    if (owners) text += " of " + nameOf(scene.owners[i]);
    text += detailOf(scene, *scene.files[i]);
  }
  if (scene.files.size() > kListed)
    text += fmt::format("; and {} more", scene.files.size() - kListed);
  return text;
}

std::set<std::string> keysOf(const Scene& scene) {
  std::set<std::string> keys;
  for (const Owner& owner : scene.owners)
    if (owner.type == "setting") keys.insert(owner.id);
  return keys;
}

// "the post "x"", "the settings icon, logo"
std::string ownersOf(const Scene& scene) {
  const auto keys = keysOf(scene);
  if (keys.empty()) return nameOf(scene.owners.front());
  return fmt::format("the setting{} {}", keys.size() == 1 ? "" : "s", fmt::join(keys, ", "));
}

std::string referencesOf(const Scene& scene) {
  return ownersOf(scene) + (keysOf(scene).size() > 1 ? " reference " : " references ");
}

bool volumeSays(const Scene& scene, There there) {
  return std::ranges::all_of(scene.files,
                             [&](const FileLook* file) { return file->volume.there == there; });
}

std::string messageOf(const Scene& scene) {
  const std::size_t count = scene.files.size();
  const std::string files = filesOf(count);
  const std::string ofAll = fmt::format("{} of {}", count, filesOf(scene.asked));
  const std::string list = listOf(scene, true);
  const char* const notThere = volumeSays(scene, There::kNo)
                                   ? "no pod serves, and the content folder does not have"
                                   : "no pod serves";
  switch (scene.code) {
    case Code::kNotServed:
      return fmt::format("{} answers 404 for {} that others serve: {}", scene.pod->name, files,
                         list);
    case Code::kMissing:
      if (scene.everything)
        return fmt::format("not one of {} that were asked for is there: {} {}", files, notThere,
                           list);
      return fmt::format("{}{} that {}: {}", referencesOf(scene), files, notThere,
                         listOf(scene, false));
    case Code::kOtherVersion:
      if (!scene.pod)
        return fmt::format("the pods serve different versions of {}: {}", files, list);
      return fmt::format("{} serves another version of {}: {}", scene.pod->name, files, list);
    case Code::kFailing:
      if (!scene.pod) return fmt::format("every pod fails on {}: {}", ofAll, list);
      return fmt::format("{} answers {} for {}: {}", scene.pod->name,
                         scene.files.front()->pods[scene.number].status, ofAll, list);
    case Code::kOtherFolder:
      return fmt::format("the content folder and the pods do not agree about {}: {}", ofAll, list);
    case Code::kEmpty:
      return fmt::format("{}{} without any content: {}", referencesOf(scene), files,
                         listOf(scene, false));
  }
  return "";
}

// Where a file went that only one pod has was decided when it was uploaded.
std::string causeOfAbsence(const Scene& scene) {
  const FileLook& file = *scene.files.front();
  const auto serving = file.those(Got::kServed);
  if (file.volume.there != There::kYes && serving.size() == 1 && file.count(Got::kMissing) > 1)
    return fmt::format(
        "only {} serves it: what is uploaded through that pod seems to land in a folder of its own",
        scene.pods[serving.front()].pod->name);
  return fmt::format(
      "{} seems to have a content folder of its own or an old view of the shared one{}",
      scene.pod->name, file.volume.there == There::kYes ? ", where the file is" : "");
}

std::string causeOf(const Scene& scene) {
  switch (scene.code) {
    case Code::kNotServed:
      return causeOfAbsence(scene);
    case Code::kMissing:
      if (scene.everything)
        return "an empty or another volume is mounted over the content folder; or the site's "
               "address was told wrong, so that the pods are asked below another path; or "
               "something "
               "in front of the pods serves /content/, and they never had it";
      return "it was removed from the content folder, or not copied along when the site moved";
    case Code::kOtherVersion:
      return "a content folder of its own, or replicas of the volume that do not agree; caches of "
             "network file systems would have caught up";
    case Code::kFailing:
      return "it may not read the files (rights, owner), its mount is stale, or the volume fails";
    case Code::kOtherFolder:
      return "content.path is another folder or volume than the one the pods have mounted, or an "
             "old view of it";
    case Code::kEmpty:
      return "it was written while the volume was full, or a copy was interrupted";
  }
  return "";
}

std::string remedyOf(const Scene& scene) {
  const std::string name = scene.pod ? scene.pod->name : scene.pods.front().pod->name;
  const std::string file = shellWord(fmt::format("{}/{}", kContentFolder, scene.files[0]->path));
  switch (scene.code) {
    case Code::kNotServed:
    case Code::kOtherVersion:
      return fmt::format(
          "see what {0} has mounted there, it must be the volume of the other pods: kubectl exec "
          "{0} -- df {1}; a stale mount goes when the pod is restarted",
          name, kContentFolder);
    case Code::kFailing:
      return fmt::format(
          "read one in the pod, the error tells why: kubectl exec {} -- head -c 1 {}", name, file);
    case Code::kMissing:
      if (scene.everything)
        return fmt::format(
            "see what the pods have mounted: kubectl exec {} -- df {}; then check "
            "site.url",
            name, kContentFolder);
      return fmt::format("restore {} from a backup into the content folder, or replace it in {}",
                         scene.files.size() == 1 ? "the file" : "the files", ownersOf(scene));
    case Code::kEmpty:
      return fmt::format("restore {} from a backup, or replace it in {}",
                         scene.files.size() == 1 ? "the file" : "the files", ownersOf(scene));
    case Code::kOtherFolder:
      return std::string(findings()[static_cast<std::size_t>(scene.code)].remedy);
  }
  return "";
}

std::string_view wordOf(There there) {
  switch (there) {
    case There::kNotAsked:
      return "not looked at";
    case There::kYes:
      return "there";
    case There::kNo:
      return "not there";
    case There::kUnknown:
      return "could not be looked at";
  }
  return "";
}

// The first file in full: "pod-1: 200, 5000 bytes of 2026-...; pod-2: 404".
std::map<std::string, std::string> evidenceOf(const Scene& scene) {
  const FileLook& file = *scene.files.front();
  std::map<std::string, std::string> evidence;
  evidence["file"] = requestPath(file.path);
  evidence["files"] = std::to_string(scene.files.size());
  evidence["asked_for"] = std::to_string(scene.asked);
  evidence["content_folder"] = wordOf(file.volume.there);
  std::string answers;
  for (std::size_t pod = 0; pod < scene.pods.size(); ++pod) {
    const Sight& sight = file.pods[pod];
    std::string word = sight.status == 0 ? "no answer" : std::to_string(sight.status);
    if (sight.got == Got::kServed) word += ", " + versionOf(sight);
    answers += fmt::format("{}{}: {}", pod > 0 ? "; " : "", scene.pods[pod].pod->name, word);
  }
  evidence["answers"] = std::move(answers);
  return evidence;
}

}  // namespace

const std::vector<FindingDef>& findings() {
  return kFindings;
}

Finding findingOf(const Scene& scene, const CheckContext& context) {
  Finding finding;
  finding.def = &kFindings[static_cast<std::size_t>(scene.code)];
  if (scene.pod) finding.pod = scene.pod->name;
  const bool ofOwner =
      scene.code == Code::kEmpty || (scene.code == Code::kMissing && !scene.everything);
  if (const Owner& owner = scene.owners.front(); ofOwner && owner.type != "setting")
    finding.resource = ResourceRef{owner.type, owner.id, owner.slug, ""};
  finding.message = messageOf(scene);
  finding.cause = causeOf(scene);
  finding.evidence = evidenceOf(scene);
  const Pod& pod = scene.pod ? *scene.pod : *scene.pods.front().pod;
  finding.reproduce =
      context.pods.reproduce(pod, requestPath(scene.files.front()->path), Door::kFront);
  finding.remedy = remedyOf(scene);
  return finding;
}

}  // namespace rollcall::checks::images
