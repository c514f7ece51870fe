#include "daemon/db/mysql_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "daemon/db/date_time.h"
#include "daemon/db/host_lookup.h"
#include "daemon/db/mysql_connection.h"
#include "daemon/db/mysql_pool.h"
#include "daemon/db/mysql_session.h"

namespace rollcall {
namespace {

constexpr Duration kFirstBackoff = std::chrono::milliseconds(500);
constexpr Duration kLongestBackoff = std::chrono::seconds(10);
constexpr std::size_t kIdsPerQuery = 500;
// Rows with the newest time beyond this are not counted: only an import makes so many.
constexpr int kMostAtNewest = 1000;
// Counting all published rows may take one part in so many of the time.
constexpr int kCountShare = 20;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Fit to be put into a URL.
bool looksLikeKey(std::string_view secret) {
  return !secret.empty() && secret.size() <= 128 &&
         std::ranges::all_of(secret, [](unsigned char c) { return std::isalnum(c) != 0; });
}

using States = std::map<std::string, EntryState>;

class MysqlSource final : public ContentSource {
 public:
  MysqlSource(const Clock& clock, DatabaseConfig config, std::shared_ptr<MysqlPool> pool)
      : clock_(clock), config_(std::move(config)), pool_(std::move(pool)) {}

  Result<SharedContent> load(Deadline deadline, std::stop_token stop) override {
    return ask<SharedContent>(deadline, stop, [this](const MysqlSession& session) {
      return loadContent(session, config_.hiddenPerType);
    });
  }

  Result<ChangeMark> mark(Deadline deadline, std::stop_token stop) override {
    return ask<ChangeMark>(deadline, stop,
                           [this](const MysqlSession& session) { return readMark(session); });
  }

  Result<States> states(ResourceType type, const std::vector<std::string>& ids, Deadline deadline,
                        std::stop_token stop) override {
    return ask<States>(deadline, stop,
                       [&](const MysqlSession& session) { return readStates(session, type, ids); });
  }

  Result<std::optional<std::string>> contentApiKey(Deadline deadline,
                                                   std::stop_token stop) override {
    return ask<std::optional<std::string>>(
        deadline, stop, [](const MysqlSession& session) { return readKey(session); });
  }

  Result<std::vector<Row>> rows(const std::string& sql, Deadline deadline,
                                std::stop_token stop) override {
    return ask<std::vector<Row>>(
        deadline, stop, [&](const MysqlSession& session) { return readRows(session, sql); });
  }

 private:
  // Runs `question` on a connection; once more on a new one when the server had closed an old one.
  template <class T, class Question>
  Result<T> ask(Deadline deadline, const std::stop_token& stop, const Question& question) {
    std::unique_ptr<MysqlConnection> connection = pool_->take();
    const bool idle = connection != nullptr;
    if (auto failed = connect(connection, deadline, stop)) return *failed;
    Result<T> answer = question(MysqlSession{*connection, deadline, stop});
    const bool again = !answer && idle && connection->lost();
    // One that died in silence is not told as lost; those that wait are of its age.
    if (!answer && idle && !connection->usable()) pool_->drop();
    putBack(std::move(connection), deadline, stop, !answer);
    if (!again) return answer;
    if (auto failed = connect(connection, deadline, stop)) return *failed;
    answer = question(MysqlSession{*connection, deadline, stop});
    putBack(std::move(connection), deadline, stop, !answer);
    return answer;
  }

  // After a failure no transaction stays open.
  void putBack(std::unique_ptr<MysqlConnection> connection, Deadline deadline,
               const std::stop_token& stop, bool failed) {
    if (failed && connection->usable()) (void)connection->query("ROLLBACK", {}, deadline, stop);
    pool_->give(std::move(connection));
  }

  // Nothing when there is a connection.
  std::optional<Error> connect(std::unique_ptr<MysqlConnection>& connection, Deadline deadline,
                               const std::stop_token& stop) {
    if (connection) {
      forgetFailure();
      return std::nullopt;
    }
    if (lastFailure_ && clock_.mono() < nextTry_)
      return Error{ErrorCode::kUnavailable, lastFailure_->message};
    std::optional<Error> failed = open(connection, deadline, stop);
    if (!failed) {
      forgetFailure();
      return std::nullopt;
    }
    if (failed->code != ErrorCode::kCancelled) {
      nextTry_ = clock_.mono() + backoff_;
      backoff_ = std::min(backoff_ * 2, kLongestBackoff);
      lastFailure_ = failed;
    }
    return failed;
  }

  void forgetFailure() {
    lastFailure_.reset();
    backoff_ = kFirstBackoff;
  }

  std::optional<Error> open(std::unique_ptr<MysqlConnection>& connection, Deadline deadline,
                            const std::stop_token& stop) {
    const Deadline ours = deadline.atMost(clock_, config_.queryTimeout);
    if (config_.socket.empty())
      if (auto unknown = lookup_.check(clock_, config_.host, ours, stop)) return unknown;
    auto opened = MysqlConnection::open(clock_, config_, ours, stop);
    if (!opened) return opened.error();
    connection = std::move(*opened);
    return std::nullopt;
  }

  Result<ChangeMark> readMark(const MysqlSession& session);
  Result<void> readNewest(const MysqlSession& session, ChangeMark& mark);
  Result<void> countPublished(const MysqlSession& session, const std::string& newest);
  static Result<States> readStates(const MysqlSession& session, ResourceType type,
                                   const std::vector<std::string>& ids);
  static Result<std::optional<std::string>> readKey(const MysqlSession& session);
  static Result<std::vector<Row>> readRows(const MysqlSession& session, const std::string& sql);

  const Clock& clock_;
  DatabaseConfig config_;
  HostLookup lookup_;
  const std::shared_ptr<MysqlPool> pool_;
  std::optional<Error> lastFailure_;
  MonoTime nextTry_{};
  Duration backoff_ = kFirstBackoff;

  // See countPublished().
  std::uint64_t published_ = 0;
  std::string countedAt_;
  MonoTime nextCount_{};
};

Result<ChangeMark> MysqlSource::readMark(const MysqlSession& session) {
  ChangeMark mark;
  if (auto done = readNewest(session, mark); !done) return done.error();
  if (mark.newest != countedAt_ || clock_.mono() >= nextCount_)
    if (auto done = countPublished(session, mark.newest); !done) return done.error();
  mark.count = published_;
  return mark;
}

// The newest times of published posts and pages (each one step into the index), of tags and of
// users, and how many posts and pages have theirs: edits within one second differ by that.
Result<void> MysqlSource::readNewest(const MysqlSession& session, ChangeMark& mark) {
  std::string newestPost;
  auto done = session.each(
      "SELECT GREATEST("
      "COALESCE((SELECT MAX(updated_at) FROM posts WHERE type='post' AND status='published'), ''), "
      "COALESCE((SELECT MAX(updated_at) FROM posts WHERE type='page' AND status='published'), '')),"
      "(SELECT CONCAT(COUNT(*), ' ', COALESCE(MAX(updated_at), '')) FROM tags), "
      "(SELECT CONCAT(COUNT(*), ' ', COALESCE(MAX(updated_at), '')) FROM users)",
      [&](const MysqlRow& row) {
        newestPost = row.text(0);
        mark.newest = fmt::format("{} | {} | {}", row.text(0), row.text(1), row.text(2));
        return true;
      });
  if (!done || newestPost.empty()) return done;
  return session.each(
      fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM posts WHERE type IN ('post','page') AND "
                  "status='published' AND updated_at={} LIMIT {}) newest",
                  session.connection.quote(newestPost), kMostAtNewest),
      [&](const MysqlRow& row) {
        mark.atNewest = number(row.text(0));
        return true;
      });
}

// Only this tells of a deleted post, and it reads the whole index. Where that takes long (100,000
// posts and more), it is done seldom unless something else changed.
Result<void> MysqlSource::countPublished(const MysqlSession& session, const std::string& newest) {
  const MonoTime began = clock_.mono();
  auto done = session.each(
      "SELECT COUNT(*) FROM posts WHERE type IN ('post','page') AND status='published'",
      [this](const MysqlRow& row) {
        published_ = number(row.text(0));
        return true;
      });
  if (!done) return done;
  const MonoTime ended = clock_.mono();
  countedAt_ = newest;
  nextCount_ = ended + (ended - began) * kCountShare;
  return done;
}

Result<States> MysqlSource::readStates(const MysqlSession& session, ResourceType type,
                                       const std::vector<std::string>& ids) {
  const bool post = type == ResourceType::kPost || type == ResourceType::kPage;
  const std::string select =
      post ? fmt::format(
                 "SELECT t.id, t.slug, t.updated_at, t.status='published' FROM posts t "
                 "WHERE t.type='{}' AND ",
                 name(type))
           : selectTaxonomy(type == ResourceType::kTag ? kTags : kAuthors) + " WHERE ";
  States states;
  for (const std::string& id : ids) states[id];
  for (std::size_t from = 0; from < ids.size(); from += kIdsPerQuery) {
    std::string list;
    for (std::size_t i = from; i < std::min(from + kIdsPerQuery, ids.size()); ++i)
      list += (list.empty() ? "" : ",") + session.connection.quote(ids[i]);
    auto done = session.each(select + "t.id IN (" + list + ")", [&](const MysqlRow& row) {
      // The server's idea of equal is wider than ours (letter case), so look the id up.
      const auto state = states.find(std::string(row.text(0)));
      if (state != states.end())
        state->second = {true, row.text(3) == "1", std::string(row.text(1)),
                         parseDateTime(row.text(2)).value_or(WallTime{})};
      return true;
    });
    if (!done) return done.error();
  }
  return states;
}

// Ghost's own integrations first: a limit on custom ones blocks the keys of the others.
Result<std::optional<std::string>> MysqlSource::readKey(const MysqlSession& session) {
  std::optional<std::string> key;
  const auto take = [&key](const MysqlRow& row) {
    if (!key && looksLikeKey(row.text(0))) key = row.text(0);
    return true;
  };
  constexpr std::string_view kWays[] = {
      "SELECT k.secret FROM api_keys k LEFT JOIN integrations i ON i.id=k.integration_id "
      "WHERE k.type='content' "
      "ORDER BY COALESCE(FIELD(i.type, 'custom', 'builtin', 'internal', 'core'), 0) DESC, k.id "
      "LIMIT 10",
      "SELECT secret FROM api_keys WHERE type='content' ORDER BY id LIMIT 10"};
  for (const std::string_view sql : kWays) {
    auto done = session.each(std::string(sql), take);
    if (done) return key;
    const bool mayNot = done.error().code == ErrorCode::kPermissionDenied ||
                        done.error().code == ErrorCode::kNotFound;
    if (!mayNot) return done.error();
  }
  return std::optional<std::string>();
}

Result<std::vector<Row>> MysqlSource::readRows(const MysqlSession& session,
                                               const std::string& sql) {
  std::vector<Row> rows;
  std::size_t bytes = 0;
  bool tooMuch = false;
  auto done = session.each(sql, [&](const MysqlRow& row) {
    Row& kept = rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      bytes += row.text(i).size();
      kept.push_back(row.isNull(i) ? std::nullopt : std::optional<std::string>(row.text(i)));
    }
    tooMuch = rows.size() > kMaxRows || bytes > kMaxRowBytes;
    return !tooMuch;
  });
  if (tooMuch)
    return Error{ErrorCode::kProtocol,
                 "the database gave more rows than a Ghost site has: is it a Ghost database?"};
  if (!done) return done.error();
  return rows;
}

}  // namespace

std::unique_ptr<ContentSource> makeMysqlSource(const Clock& clock, DatabaseConfig config) {
  return makeMysqlSources(clock, std::move(config))();
}

MysqlSources makeMysqlSources(const Clock& clock, DatabaseConfig config) {
  return [&clock, config = std::move(config), pool = std::make_shared<MysqlPool>(clock)] {
    return std::make_unique<MysqlSource>(clock, config, pool);
  };
}

}  // namespace rollcall
