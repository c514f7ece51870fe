// The real ContentSource: MySQL or MariaDB through libmariadb. SELECT only, every query bounded on
// the server too, reconnects with backoff. The account needs SELECT on posts, posts_tags,
// posts_authors, settings and tags, and on users (id, slug, visibility, created_at, updated_at);
// api_keys and integrations only for contentApiKey(). mysql.h is included by daemon/db/mysql_*.cc
// alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/db/content_source.h"

namespace rollcall {

// How the daemon learns that something changed.
enum class Follow {
  kPoll,    // it asks every second
  kBinlog,  // and listens to the server's binary log, see mysql_binlog.h
};

struct DatabaseConfig {
  std::string host;
  std::uint16_t port = 3306;
  std::string socket;  // unix socket; wins over host and port
  std::string name;
  std::string user;
  std::string password;  // never logged, never shown
  // Off: plain text. Otherwise encrypted and the server's certificate and name are verified,
  // against `caFile` or the system's authorities.
  bool tls = false;
  std::string caFile;
  Duration queryTimeout = std::chrono::seconds(5);  // also sent to the server
  std::size_t hiddenPerType = 50;                   // see Content::entries

  Follow follow = Follow::kPoll;

  // "mysql://user@host:port/name": for messages, without the password.
  std::string describe() const;
};

// Makes sources that share their idle connections: one for each thread that asks. Thread-safe, as
// are the sources among themselves. `clock` is borrowed.
using MysqlSources = std::function<std::unique_ptr<ContentSource>()>;
MysqlSources makeMysqlSources(const Clock& clock, DatabaseConfig config);

// A single one. Connects on first use.
std::unique_ptr<ContentSource> makeMysqlSource(const Clock& clock, DatabaseConfig config);

}  // namespace rollcall
