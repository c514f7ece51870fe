#include "checks/volume/codes.h"

namespace rollcall::checks::volume {

const std::vector<FindingDef>& findings() {
  static const std::vector<FindingDef> table = {
      {"RC801", Severity::kCritical, "the content volume is read-only",
       "Readers are served, but no upload, theme or routes file can be saved, and a pod of Ghost 6 "
       "that boots now exits. A kernel turns a file system read-only after an error without its "
       "mount options saying so; a file server may export it so.",
       "look for the error on the node: sudo dmesg -T | tail -n 50; repair the file system, then "
       "mount it read-write"},
      {"RC802", Severity::kWarning, "a mount of Rollcall's or its agent's is read-only",
       "Only this mount of the content volume is read-only, as with readOnly: true in "
       "volumeMounts. "
       "Whether Ghost can write is not known; beside an agent that has the mount as Ghost's "
       "container has it, Ghost cannot.",
       "mount it read-write for Rollcall, or have it write nothing: checks.volume.write: false"},
      {"RC803", Severity::kCritical, "the content volume is full",
       "No block is left for Ghost's user: uploads fail, or leave empty files.",
       "let it grow, or find what takes the space: sudo du -xd2 CONTENT | sort -n | tail"},
      {"RC804", Severity::kCritical, "the content volume has no inode left",
       "No more files can be created, however much space is free: each image that is uploaded "
       "takes several.",
       "find where the many files are: sudo du --inodes -xd2 CONTENT | sort -n | tail"},
      {"RC805", Severity::kCritical, "the quota of the content volume is used up",
       "The file system has room, but the user, group or project that writes may not use more.",
       "raise the quota on the file server; what it counts: sudo repquota -a"},
      {"RC806", Severity::kCritical, "the content volume fails with I/O errors",
       "The disk, the network behind it or the file system is broken. What was written lately may "
       "be lost.",
       "look for the error on the node: sudo dmesg -T | tail -n 50; then on the storage behind it"},
      {"RC807", Severity::kCritical, "the content volume's handle is stale",
       "The file server no longer knows what was mounted: the export was made anew, or the server "
       "was replaced. It does not mend by itself.",
       "see that the server exports it, then mount it anew by restarting the pods: kubectl rollout "
       "restart deployment NAME"},
      {"RC808", Severity::kCritical, "the content volume may not be written to",
       "Owner and mode, an immutable flag or the file server forbid it to Ghost's user.",
       "give the folders to Ghost's user: sudo chown -R 1000:1000 CONTENT; or set fsGroup: 1000"},
      {"RC809", Severity::kCritical, "the content volume is disconnected",
       "The mount is there, but the file server or the FUSE process behind it is gone.",
       "bring the server back; when it does not mend by itself, restart the pods: kubectl rollout "
       "restart deployment NAME"},
      {"RC810", Severity::kCritical, "folders of the content volume are missing",
       "Ghost's content folder has them from its installation on. When all are missing the volume "
       "is empty, not mounted, or another one than Ghost's.",
       "mount Ghost's volume, or name the folders that are mounted: checks.volume.folders"},
      {"RC811", Severity::kCritical, "the content volume hangs",
       "A step of writing a block did not end in 10 seconds: the file server does not answer, or "
       "the file system is frozen. Requests of Ghost that touch it hang, too; Rollcall goes on.",
       "look after the file server, and for a freeze (a snapshot's) that nobody lifted: sudo dmesg "
       "-T | tail -n 50"},
      {"RC812", Severity::kWarning, "the content volume is slow",
       "Twice in a row it took longer than the setting `slow` to write one block so that it is on "
       "the disk.",
       "see what else writes to it, and whether its storage has run out of IOPS or burst credits"},
      {"RC813", Severity::kCritical, "the content volume does not give back what was written",
       "A file that was written and synced is gone or has other bytes: the storage corrupts data, "
       "or shows an old state.",
       "stop uploads, check the storage and compare it with a backup"},
      {"RC814", Severity::kWarning, "the content volume is running full",
       "Less is free than the settings `free_percent` and `enough_free_mib` ask for, or at the "
       "pace of the last hours nothing is left soon (`full_within`).",
       "let it grow, or find what takes the space: sudo du -xd2 CONTENT | sort -n | tail"},
      {"RC815", Severity::kWarning, "the content volume is running out of inodes",
       "Few more files can be created: less than `free_percent` of all inodes and fewer than "
       "50,000, or none are left soon at the pace of the last hours (`full_within`).",
       "find where the many files are: sudo du --inodes -xd2 CONTENT | sort -n | tail"},
      {"RC816", Severity::kWarning, "the clock of the content volume's server is off",
       "Files get times that are not now: caches compare them with the pods' own clock.",
       "see that NTP runs on the file server and on the nodes"},
      {"RC817", Severity::kInfo, "Ghost's user could not write to folders by owner and mode",
       "Rollcall could write as another user. The folders belong to root, and neither group nor "
       "others may write; where an ACL or Ghost's own user allows it all the same, nothing is "
       "wrong.",
       "sudo chown -R 1000:1000 CONTENT; where Ghost has another user: checks.volume.ghost_uid"},
      {"RC818", Severity::kCritical, "writing to the content volume fails",
       "With an error that is none of the usual ones: the finding names it.",
       "look for the error on the node: sudo dmesg -T | tail -n 50"},
      {"RC819", Severity::kWarning, "the user of Rollcall or its agent may not write",
       "By owner and mode of the content volume's folders Ghost's user may. Whether it really can "
       "is "
       "not known.",
       "run Rollcall as Ghost's user (runAsUser: 1000), or have it write nothing: "
       "checks.volume.write: false"},
  };
  return table;
}

}  // namespace rollcall::checks::volume
