#include "daemon/net/smtp_client.h"

#include <algorithm>

#include "daemon/core/letter_case.h"

namespace rollcall {

const SmtpReply* SmtpVisit::reply(std::string_view command) const {
  const auto found = std::find_if(replies.rbegin(), replies.rend(),
                                  [&](const SmtpReply& one) { return one.command == command; });
  return found == replies.rend() ? nullptr : &*found;
}

std::optional<std::string> SmtpVisit::offered(std::string_view extension) const {
  const SmtpReply* const ehlo = reply("EHLO");
  if (!ehlo) return std::nullopt;
  for (const std::string& line : ehlo->lines) {
    // Old servers write "AUTH=LOGIN".
    const std::size_t word = std::min(line.find_first_of(" ="), line.size());
    if (lowerCase(line.substr(0, word)) == lowerCase(extension))
      return line.substr(std::min(word + 1, line.size()));
  }
  return std::nullopt;
}

}  // namespace rollcall
