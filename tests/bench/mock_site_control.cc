#include "tests/bench/mock_site_control.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "tests/bench/mock_site_rows.h"

namespace rollcall::bench {

using nlohmann::json;

const char* const kControlHelp =
    "Requests to the control address; pods count from 1, posts from 0 (the oldest):\n"
    "  GET  /counts                              requests by pod and kind, and bytes\n"
    "  POST /forget                              counts from 0 again\n"
    "  POST /fault?pod=K&post=N&kind=missing     the pod does not know the post\n"
    "  POST /fault?pod=K&post=N&kind=title       its pages and lists show an old title and date\n"
    "  POST /fault?pod=K&post=N&kind=unlisted    its sitemaps alone lack the post\n"
    "  POST /fault?pod=K&post=N&kind=date        its sitemaps alone show an old date\n"
    "  POST /publish?pods=1,2[&at=UNIX]          a new post, which these pods know (none: no pod)\n"
    "  POST /update?post=N&pods=1,2[&at=UNIX]    a new title, which these pods know\n"
    "  POST /catch-up?pod=K&post=N               the pod knows the post as the database has it\n"
    "  POST /heal?pod=K                          the pod knows everything, as if restarted\n"
    "Each answers JSON; publish and update with the post's number, id, path, title and the "
    "\"sql\"\n"
    "that makes the database agree: run it before or after, as the trial needs it.\n";

namespace {

struct Bad : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::optional<std::int64_t> numberIn(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

// One request's query against the site.
class Command {
 public:
  Command(SiteState& site, std::string_view query) : site_(site), query_(query) {}

  json counts() const {
    json told = json::array();
    for (std::size_t pod = 0; pod < site_.pods(); ++pod) {
      const Counts& counts = site_.counts(pod);
      json& one = told.emplace_back();
      std::uint64_t all = 0;
      for (std::size_t kind = 0; kind < counts.byKind.size(); ++kind) {
        one[std::string(name(static_cast<Kind>(kind)))] = counts.byKind[kind];
        all += counts.byKind[kind];
      }
      one["requests"] = all;
      one["heads"] = counts.heads;
      one["bytes"] = counts.bytes;
    }
    return {{"pods", told}};
  }

  json fault() {
    PodState& pod = site_.pod(podOf(parameter(query_, "pod")));
    const std::uint32_t post = postOf();
    const std::string_view kind = parameter(query_, "kind");
    PostState old = site_.truth(post);
    old.updated -= 86'400;
    if (kind == "missing")
      pod.missing.insert(post);
    else if (kind == "unlisted")
      pod.unlisted.insert(post);
    else if (kind == "date")
      pod.oldDate[post] = old;
    else if (kind == "title")
      ++old.revision, pod.stale[post] = old;
    else
      throw Bad("kind is none of missing, title, unlisted, date");
    return described(post);
  }

  json publish() {
    const std::uint32_t post = site_.publish(at(), podsOf());
    return changed(post, sqlOfPublished(site_, post));
  }
  json update() {
    const std::uint32_t post = postOf();
    site_.update(post, at(), podsOf());
    return changed(post, sqlOfUpdated(site_, post));
  }
  json catchUp() {
    const std::uint32_t post = postOf();
    site_.catchUp(podOf(parameter(query_, "pod")), post);
    return described(post);
  }
  json heal() {
    site_.pod(podOf(parameter(query_, "pod"))) = {};
    return json::object();
  }
  json forget() {
    site_.forgetCounts();
    return json::object();
  }

 private:
  json described(std::uint32_t post) const {
    const Resource one = resourceOf(site_.shape(), Type::kPost, post);
    const PostState state = site_.truth(post);
    return {{"post", post},
            {"id", one.id},
            {"path", "/" + one.slug + "/"},
            {"title", site_.title(post, state)},
            {"updated_at", state.updated}};
  }
  json changed(std::uint32_t post, std::string sql) const {
    json told = described(post);
    told["sql"] = std::move(sql);
    return told;
  }

  std::size_t podOf(std::string_view text) const {
    const auto number = numberIn(text);
    if (!number || *number < 1 || *number > static_cast<std::int64_t>(site_.pods()))
      throw Bad(fmt::format("\"{}\" is no pod: they are 1 to {}", text, site_.pods()));
    return static_cast<std::size_t>(*number - 1);
  }
  std::set<std::size_t> podsOf() const {
    std::set<std::size_t> pods;
    std::string_view text = parameter(query_, "pods");
    while (!text.empty()) {
      const std::string_view one = text.substr(0, text.find(','));
      text.remove_prefix(std::min(text.size(), one.size() + 1));
      pods.insert(podOf(one));
    }
    return pods;
  }
  std::uint32_t postOf() const {
    const auto number = numberIn(parameter(query_, "post"));
    if (!number || *number >= site_.posts())
      throw Bad(fmt::format("post is none of 0 to {}", std::int64_t(site_.posts()) - 1));
    return static_cast<std::uint32_t>(*number);
  }
  std::int64_t at() const {
    const std::string_view text = parameter(query_, "at");
    if (text.empty()) return std::time(nullptr);
    if (const auto number = numberIn(text)) return *number;
    throw Bad("at is no number of seconds since 1970");
  }

  SiteState& site_;
  std::string_view query_;
};

json told(SiteState& site, std::string_view target, bool post) {
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  Command command(site, mark == std::string_view::npos ? "" : target.substr(mark + 1));
  if (path == "/counts") return command.counts();
  if (!post) throw Bad("it is /counts that is asked with GET, and POST is for the others");
  if (path == "/fault") return command.fault();
  if (path == "/publish") return command.publish();
  if (path == "/update") return command.update();
  if (path == "/catch-up") return command.catchUp();
  if (path == "/heal") return command.heal();
  if (path == "/forget") return command.forget();
  throw Bad("there is no such command");
}

}  // namespace

void answerControl(SiteState& site, const Request& request, bool post, std::string& out) {
  json answer;
  std::string_view status = "200 OK";
  try {
    answer = told(site, request.target, post);
  } catch (const Bad& bad) {
    answer = {{"error", bad.what()}};
    status = "400 Bad Request";
  }
  const std::string body = answer.dump() + "\n";
  out += fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: "
      "{}\r\n\r\n",
      status, body.size(), request.close ? "close" : "keep-alive");
  out += body;
}

}  // namespace rollcall::bench
