// The work of a child that reads one file, one folder or what files are like, and what its parent
// makes of it.
#pragma once

#include <string>
#include <vector>

#include "daemon/content/child.h"
#include "daemon/content/content_dir.h"
#include "daemon/core/result.h"

namespace rollcall {

enum class Wanted { kFile, kFolder };

struct ReadWork {
  std::string path;  // absolute
  Wanted wanted = Wanted::kFile;
  std::size_t maxBytes = 0;  // of a file, or of a folder's records
};
// In the child; returns its exit status.
int readPath(const ReadWork& work, int pipe, const ChildCalls& calls);
// In the parent. Of a folder the text is its records, see entriesOf().
Result<ContentFile> judgeRead(const ReadWork& work, int status, std::string received);
Result<std::vector<FolderEntry>> entriesOf(std::string_view records);

// What files are like, one answer for each path.
int statPaths(const std::vector<std::string>& paths, int pipe);
std::vector<Result<FileFacts>> judgeStat(const std::vector<std::string>& paths,
                                         std::string_view received);

// The Error for an errno met at `path`: "cannot read /x: No such file or directory".
Error pathError(std::string_view verb, std::string_view path, int number);

}  // namespace rollcall
