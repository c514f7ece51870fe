#include "tests/component/mariadb_world.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "tests/support/ghost_tables.h"

namespace rollcall::testing_support {
namespace {

void shell(const std::string& command) {
  if (std::system(("(" + command + ") >/dev/null 2>&1").c_str()) != 0)
    throw std::runtime_error("failed: " + command);
}

}  // namespace

Certificates::Certificates() {
  std::string pattern = std::filesystem::temp_directory_path() / "rollcall_certs_XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  const std::string cd = "cd '" + pattern + "' && ";
  for (const char* name : {"ca", "other"})
    shell(cd + fmt::format("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={0} "
                           "-keyout {0}.key -out {0}.pem",
                           name));
  shell(cd +
        "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out "
        "server.csr && printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > san && openssl x509 "
        "-req -days 2 "
        "-in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san -out server.pem");
}

Certificates::~Certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

const Certificates& MariadbWorld::certificates() {
  static const Certificates certificates;
  return certificates;
}

MariadbServer& MariadbWorld::server() {
  static const std::unique_ptr<MariadbServer> server = [] {
    auto started = std::make_unique<MariadbServer>(std::vector<std::string>{
        "--bind-address=127.0.0.1,127.0.0.2", "--ssl-ca=" + certificates().path("ca.pem"),
        "--ssl-cert=" + certificates().path("server.pem"),
        "--ssl-key=" + certificates().path("server.key")});
    started->sql(
        fmt::format("CREATE DATABASE ghost CHARACTER SET utf8mb4; USE ghost; {}", kGhostTables));
    return started;
  }();
  return *server;
}

void MariadbWorld::SetUp() {
  if (!MariadbServer::installed()) GTEST_SKIP() << "mariadb-server is not installed";
  sql("DELETE FROM posts_tags; DELETE FROM posts_authors; DELETE FROM posts; DELETE FROM tags; "
      "DELETE FROM users; DELETE FROM settings; DELETE FROM api_keys; DELETE FROM integrations; "
      "DROP USER IF EXISTS rollcall; CREATE USER rollcall IDENTIFIED BY 'correct horse 7\\'\\\\'; "
      "GRANT SELECT ON ghost.posts TO rollcall; GRANT SELECT ON ghost.posts_tags TO rollcall; "
      "GRANT SELECT ON ghost.posts_authors TO rollcall; GRANT SELECT ON ghost.settings TO rollcall;"
      "GRANT SELECT (id, slug, visibility, created_at, updated_at) ON ghost.tags TO rollcall; "
      "GRANT SELECT (id, slug, visibility, created_at, updated_at) ON ghost.users TO rollcall; "
      "INSERT INTO settings (id, `key`, value) VALUES ('1','title','Håkan''s 📰'), "
      "('2','is_private','false'), ('3','active_theme','source'), ('4','timezone','Europe/Rome');");
}

void MariadbWorld::post(const std::string& id, const std::string& slug, const std::string& set) {
  sql(
      fmt::format("INSERT INTO posts SET status='published', created_at='2026-01-01', "
                  "updated_at='2026-01-01', published_at='2026-01-01', id='{0}', slug='{0}'; "
                  "UPDATE posts SET {2}{3}slug='{1}' WHERE id='{0}';",
                  id, slug, set, set.empty() ? "" : ", "));
}

void MariadbWorld::tag(const std::string& id, const std::string& slug, const std::string& set) {
  sql(
      fmt::format("INSERT INTO tags SET created_at='2026-01-01', updated_at='2026-01-01', "
                  "id='{0}', slug='{0}'; UPDATE tags SET {2}{3}slug='{1}' WHERE id='{0}';",
                  id, slug, set, set.empty() ? "" : ", "));
}

void MariadbWorld::author(const std::string& id, const std::string& slug, const std::string& set) {
  sql(
      fmt::format("INSERT INTO users SET created_at='2026-01-01', updated_at='2026-01-01', "
                  "id='{0}', slug='{0}'; UPDATE users SET {2}{3}slug='{1}' WHERE id='{0}';",
                  id, slug, set, set.empty() ? "" : ", "));
}

void MariadbWorld::tagged(const std::string& link, const std::string& postId,
                          const std::string& tagId, int order) {
  sql(fmt::format("INSERT INTO posts_tags VALUES ('{}', '{}', '{}', {});", link, postId, tagId,
                  order));
}

void MariadbWorld::wrote(const std::string& link, const std::string& postId,
                         const std::string& authorId, int order) {
  sql(fmt::format("INSERT INTO posts_authors VALUES ('{}', '{}', '{}', {});", link, postId,
                  authorId, order));
}

DatabaseConfig MariadbWorld::config() const {
  DatabaseConfig config;
  config.host = "127.0.0.1";
  config.port = server().port();
  config.name = "ghost";
  config.user = "rollcall";
  config.password = kPassword;
  return config;
}

const Content& MariadbWorld::load(DatabaseConfig config) {
  auto content = makeMysqlSource(clock_, std::move(config))->load(soon(), {});
  if (!content) throw std::runtime_error(content.error().message);
  loaded_.push_back(std::move(*content));
  return *loaded_.back();
}

const Entry* MariadbWorld::find(const Content& content, ResourceType type, std::string_view id) {
  for (const Entry& entry : content.entries)
    if (entry.type == type && entry.id == id) return &entry;
  return nullptr;
}

void MariadbWorld::await(const std::string& condition) {
  const Deadline deadline = soon();
  while (server().sql(condition) != "1\n") {
    if (deadline.passed(clock_)) throw std::runtime_error("never came true: " + condition);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace rollcall::testing_support
