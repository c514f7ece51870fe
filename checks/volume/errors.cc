#include "checks/volume/errors.h"

#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace rollcall::checks::volume {

ErrorKind kindOf(int error) {
  switch (error) {
    case EROFS:
      return ErrorKind::kReadOnly;
    case ENOSPC:
      return ErrorKind::kNoSpace;
    case EDQUOT:
      return ErrorKind::kQuota;
    case EIO:
    case EUCLEAN:  // a file system found itself corrupt
    case EBADMSG:  // a checksum did not match
    case EREMOTEIO:
    case ENODEV:
    case ENXIO:
    case ENOMEDIUM:
    case ESHUTDOWN:  // a file system was shut down, or a Ceph client locked out
      return ErrorKind::kIo;
    case ESTALE:
      return ErrorKind::kStale;
    case EACCES:
    case EPERM:
      return ErrorKind::kRefused;
    case ENOTCONN:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case EPIPE:
    case ENOLINK:
    case ETIMEDOUT:
      return ErrorKind::kDisconnected;
    case ENOENT:
      return ErrorKind::kAbsent;
    case ENOTDIR:
      return ErrorKind::kNoFolder;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EINTR:
      return ErrorKind::kOurOwn;
    default:
      return ErrorKind::kOther;
  }
}

std::string errorName(int error) {
  const char* name = ::strerrorname_np(error);
  return name ? name : fmt::format("errno {}", error);
}

std::string errorText(int error) {
  std::string text = std::generic_category().message(error);
  // "I/O error" is read aloud; "Read-only file system" is part of a sentence.
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return fmt::format("{} ({})", text, errorName(error));
}

}  // namespace rollcall::checks::volume
