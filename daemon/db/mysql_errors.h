// What a MySQL error number means to the person who has to mend it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/result.h"
#include "daemon/db/mysql_source.h"

namespace rollcall {

// `number` and `text` as the client library gives them; `text` is untrusted. `account` is what the
// server calls us ("ro@localhost"), empty before it was asked.
Error explainMysqlError(unsigned number, std::string_view text, const DatabaseConfig& config,
                        std::string_view account);

// The same of what was asked about the binary log.
Error explainBinlogError(unsigned number, std::string_view text, const DatabaseConfig& config,
                         std::string_view account);

// "127.0.0.1:3306" or the socket's path.
std::string placeOf(const DatabaseConfig& config);

// The connection is gone: what failed on an idle connection may work on a new one.
bool meansConnectionLost(unsigned number);
// Found by the client library, not told by the server: the connection is of no more use.
bool isClientError(unsigned number);
// The server does not know this session variable.
bool meansUnknownVariable(unsigned number);
// The server does not know this statement.
bool meansUnknownStatement(unsigned number);

}  // namespace rollcall
