// A MariaDB with a Ghost database in it, shared by the tests of this program.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/db/content_source.h"
#include "daemon/db/mysql_source.h"
#include "tests/support/mariadb_server.h"

namespace rollcall::testing_support {

// Certificates in a folder: ca.pem signs server.pem (for localhost and 127.0.0.1); other.pem
// signs nothing.
class Certificates {
 public:
  Certificates();
  ~Certificates();
  std::string path(std::string_view file) const { return folder_ / file; }

 private:
  std::filesystem::path folder_;
};

inline constexpr std::string_view kPassword = "correct horse 7'\\";

// Starts the server with the first test, empties the Ghost database and makes the account anew for
// every test: SELECT on the six tables, of tags and users only on the columns that are read.
class MariadbWorld : public ::testing::Test {
 protected:
  void SetUp() override;

  static MariadbServer& server();
  static const Certificates& certificates();

  std::string sql(const std::string& statements) {
    return server().sql("USE ghost; SET foreign_key_checks=0; " + statements);
  }
  // Columns as in Ghost; the times are "2026-01-01 00:00:00" unless given.
  void post(const std::string& id, const std::string& slug, const std::string& set = "");
  void tag(const std::string& id, const std::string& slug, const std::string& set = "");
  void author(const std::string& id, const std::string& slug, const std::string& set = "");
  void tagged(const std::string& link, const std::string& postId, const std::string& tagId,
              int order);
  void wrote(const std::string& link, const std::string& postId, const std::string& authorId,
             int order);

  DatabaseConfig config() const;
  Deadline in(Duration duration) const { return Deadline::after(clock_, duration); }
  Deadline soon() const { return in(std::chrono::seconds(30)); }
  // Throws when it fails; what it answers lives as long as this.
  const Content& load(DatabaseConfig config);
  const Content& load() { return load(config()); }
  static const Entry* find(const Content& content, ResourceType type, std::string_view id);
  // Waits until the condition, a query that answers 1, holds.
  void await(const std::string& condition);

  SystemClock clock_;

 private:
  std::vector<SharedContent> loaded_;
};

}  // namespace rollcall::testing_support
