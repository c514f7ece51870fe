// How a connection to a mail server is encrypted.
#pragma once

namespace rollcall {

enum class SmtpSecurity {
  kNone,       // STARTTLS is not used, though it may be offered
  kIfOffered,  // STARTTLS where it is offered
  kRequired,   // STARTTLS or nothing
  kImplicit,   // TLS from the first byte
};

}  // namespace rollcall
