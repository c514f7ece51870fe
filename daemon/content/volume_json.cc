#include "daemon/content/volume_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/core/cut_text.h"
#include "daemon/core/version.h"

namespace rollcall {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // to write: finding a key in it takes time
using Seconds = std::chrono::duration<double>;

constexpr int kSchemaVersion = 1;
constexpr int kMaxDepth = 8;
constexpr std::size_t kLongestList = 32;
constexpr std::size_t kCutTextAt = 1024;
constexpr std::size_t kLongestText = 4 * kCutTextAt;  // replacing what is no UTF-8 makes it longer
constexpr double kMostSeconds = 4e9;                  // a skew may reach back to 1970
constexpr int kLargestNamedErrno = 255;
constexpr int kLargestErrno = 4095;
constexpr Duration kAgreement = std::chrono::seconds(5);        // of two clocks
constexpr Duration kShortestRhythm = std::chrono::seconds(30);  // for isStale()

// By name where there is one: numbers differ between architectures.
std::string errnoText(int number) {
  const char* known = ::strerrorname_np(number);
  return known != nullptr ? known : std::to_string(number);
}

std::optional<int> parseErrno(std::string_view text) {
  for (int number = 1; number <= kLargestNamedErrno; ++number)
    if (const char* known = ::strerrorname_np(number); known != nullptr && text == known)
      return number;
  int number = 0;
  const auto [stop, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || stop != text.end() || number < 1 || number > kLargestErrno)
    return std::nullopt;
  return number;
}

std::string cut(const std::string& text) {
  return std::string(cutText(text, kCutTextAt));
}

OrderedJson seconds(Duration duration) {
  return Seconds(duration).count();
}

OrderedJson toJson(const VolumeSpace& space) {
  return {{"size_bytes", space.size},
          {"free_bytes", space.free},
          {"inodes", space.inodes},
          {"free_inodes", space.freeInodes},
          {"read_only", space.readOnly}};
}

OrderedJson toJson(const FolderOwner& owner) {
  return {
      {"user", owner.user}, {"group", owner.group}, {"mode", fmt::format("{:04o}", owner.mode)}};
}

OrderedJson toJson(const FolderLook& look) {
  return {{"folder", cut(look.folder)},
          {"begun", look.begun},
          {"step", name(look.step)},
          {"errno", look.error == 0 ? OrderedJson(nullptr) : OrderedJson(errnoText(look.error))},
          {"differs", look.differs},
          {"write_seconds", seconds(look.wrote)},
          {"sync_seconds", seconds(look.synced)},
          {"spent_seconds", seconds(look.spent)},
          {"skew_seconds", look.skew ? seconds(*look.skew) : OrderedJson(nullptr)},
          {"left_overs_removed", look.leftOvers},
          {"space", look.space ? toJson(*look.space) : OrderedJson(nullptr)},
          {"owner", look.owner ? toJson(*look.owner) : OrderedJson(nullptr)}};
}

OrderedJson toJson(const MountLook& look, WallTime now) {
  OrderedJson folders = OrderedJson::array();
  for (const FolderLook& folder : look.folders) folders.push_back(toJson(folder));
  OrderedJson error = nullptr;
  if (look.error) error = {{"code", name(look.error->code)}, {"message", cut(look.error->message)}};
  return {{"mounted_at", cut(look.mount.point)},
          {"type", cut(look.mount.type)},
          {"source", cut(look.mount.source)},
          {"options", cut(look.mount.options)},
          {"super_options", cut(look.mount.superOptions)},
          {"hung_seconds",
           look.hungSince ? seconds(std::max(now - *look.hungSince, {})) : OrderedJson(nullptr)},
          {"hung_since_unix",
           look.hungSince ? seconds(look.hungSince->time_since_epoch()) : OrderedJson(nullptr)},
          {"unkillable", look.unkillable},
          {"error", std::move(error)},
          {"folders", std::move(folders)}};
}

OrderedJson toJson(const std::vector<MountLook>& looks, WallTime now) {
  OrderedJson mounts = OrderedJson::array();
  for (const MountLook& look : looks) mounts.push_back(toJson(look, now));
  return mounts;
}

// An object that is being read. What is wrong first, of all that is read, ends up in `wrong`.
class Object {
 public:
  Object(const Json& json, std::string path, std::string& wrong)
      : json_(json), path_(std::move(path)), wrong_(wrong) {
    if (!json_.is_object()) fail("", "is no object");
  }

  bool flag(const char* key) {
    const Json& value = at(key);
    return value.is_boolean() ? value.get<bool>() : bad<bool>(key, "is neither true nor false");
  }
  std::string text(const char* key) {
    const Json& value = at(key);
    if (!value.is_string()) return bad<std::string>(key, "is no text");
    const auto& text = value.get_ref<const std::string&>();
    return text.size() <= kLongestText ? text : bad<std::string>(key, "is too long");
  }
  // Absolute, or empty where it is not known.
  std::string path(const char* key) {
    std::string path = text(key);
    return path.empty() || path.starts_with('/') ? path
                                                 : bad<std::string>(key, "is no absolute path");
  }
  std::uint64_t count(const char* key, std::uint64_t most = UINT64_MAX) {
    const Json& value = at(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
      return bad<std::uint64_t>(key, "is no count, or too large");
    return value.get<std::uint64_t>();
  }
  Duration seconds(const char* key, double least = 0) {
    const Json& value = at(key);
    const double given = value.is_number() ? value.get<double>() : NAN;
    if (!(given >= least && given <= kMostSeconds))
      return bad<Duration>(key, "is no number of seconds, or too large");
    return Duration(std::llround(given * 1e9));
  }
  // The one of that name; they are numbered from `first` to `last`.
  template <class T>
  T oneOf(const char* key, T first, T last) {
    const std::string given = text(key);
    for (int each = static_cast<int>(first); each <= static_cast<int>(last); ++each)
      if (name(static_cast<T>(each)) == given) return static_cast<T>(each);
    return bad<T>(key, "is not known here");
  }
  bool has(const char* key) { return !at(key).is_null(); }
  Object object(const char* key) { return Object(at(key), below(key), wrong_); }
  std::vector<Object> objects(const char* key, std::size_t least = 1) {
    const Json& value = at(key);
    if (!value.is_array() || value.size() < least || value.size() > kLongestList)
      return bad<std::vector<Object>>(key,
                                      fmt::format("is no list of {} to {}", least, kLongestList));
    std::vector<Object> all;
    for (std::size_t i = 0; i < value.size(); ++i)
      all.emplace_back(value[i], fmt::format("{}[{}]", below(key), i), wrong_);
    return all;
  }
  void fail(std::string_view key, std::string_view what) {
    if (wrong_.empty()) wrong_ = fmt::format("{} {}", below(key), what);
  }

 private:
  template <class T>
  T bad(const char* key, std::string_view what) {
    fail(key, what);
    return T{};
  }
  const Json& at(const char* key) {
    static const Json kNothing = Json::value_t::discarded;
    const auto found = json_.is_object() ? json_.find(key) : json_.end();
    if (found != json_.end()) return *found;
    fail(key, "is missing");
    return kNothing;
  }
  std::string below(std::string_view key) const {
    if (key.empty()) return path_.empty() ? "it" : path_;
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  const Json& json_;
  std::string path_;
  std::string& wrong_;
};

VolumeSpace readSpace(Object json) {
  return {json.count("size_bytes"), json.count("free_bytes"), json.count("inodes"),
          json.count("free_inodes"), json.flag("read_only")};
}

FolderOwner readOwner(Object json) {
  FolderOwner owner;
  owner.user = static_cast<uid_t>(json.count("user", UINT32_MAX));
  owner.group = static_cast<gid_t>(json.count("group", UINT32_MAX));
  const std::string mode = json.text("mode");
  const char* end = mode.data() + mode.size();
  const auto [stop, error] = std::from_chars(mode.data(), end, owner.mode, 8);
  if (error != std::errc() || stop != end || owner.mode > 07777)
    json.fail("mode", "is no octal mode");
  return owner;
}

FolderLook readFolder(Object json) {
  FolderLook look;
  look.folder = json.text("folder");
  look.begun = json.flag("begun");
  look.step = json.oneOf("step", ProbeStep::kReach, ProbeStep::kDone);
  if (json.has("errno")) {
    const auto number = parseErrno(json.text("errno"));
    if (!number) json.fail("errno", "is not known here");
    look.error = number.value_or(0);
  }
  look.differs = json.flag("differs");
  look.wrote = json.seconds("write_seconds");
  look.synced = json.seconds("sync_seconds");
  look.spent = json.seconds("spent_seconds");
  if (json.has("skew_seconds")) look.skew = json.seconds("skew_seconds", -kMostSeconds);
  look.leftOvers = static_cast<std::uint32_t>(json.count("left_overs_removed", UINT32_MAX));
  if (json.has("space")) look.space = readSpace(json.object("space"));
  if (json.has("owner")) look.owner = readOwner(json.object("owner"));
  return look;
}

// By our clock. As the agent says where its clock agrees: then it is the same each time it is read.
WallTime momentOf(Duration age, Duration sinceEpoch, WallTime now) {
  using std::chrono::milliseconds;
  const WallTime told{std::chrono::round<milliseconds>(sinceEpoch)};
  const WallTime byAge = now - std::chrono::round<milliseconds>(age);
  return std::chrono::abs(told - byAge) <= kAgreement ? told : byAge;
}

MountLook readMount(Object json, WallTime now) {
  MountLook look;
  look.mount.point = json.path("mounted_at");
  look.mount.type = json.text("type");
  look.mount.source = json.text("source");
  look.mount.options = json.text("options");
  look.mount.superOptions = json.text("super_options");
  if (json.has("hung_seconds"))
    look.hungSince = momentOf(json.seconds("hung_seconds"), json.seconds("hung_since_unix"), now);
  look.unkillable = json.flag("unkillable");
  if (json.has("error")) {
    Object error = json.object("error");
    look.error = Error{error.oneOf("code", ErrorCode::kInvalidArgument, ErrorCode::kInternal),
                       error.text("message")};
  }
  for (const Object& folder : json.objects("folders")) look.folders.push_back(readFolder(folder));
  return look;
}

std::vector<MountLook> readMounts(const std::vector<Object>& list, WallTime now) {
  std::vector<MountLook> looks;
  looks.reserve(list.size());
  for (const Object& mount : list) looks.push_back(readMount(mount, now));
  return looks;
}

Error refused(std::string_view what) {
  return {ErrorCode::kProtocol, fmt::format("this is no report of a volume agent: {}", what)};
}

Result<Json> parseShallow(std::string_view text) {
  bool deep = false;
  Json json = Json::parse(
      text,
      [&deep](int depth, Json::parse_event_t, const Json&) {
        deep = deep || depth > kMaxDepth;
        return !deep;
      },
      false);
  if (deep) return refused("it is nested too deeply");
  if (json.is_discarded()) return refused("it is not valid JSON");
  return json;
}

}  // namespace

std::string formatVolumeReport(const VolumeReport& report, WallTime now) {
  const OrderedJson document = {{"schema_version", kSchemaVersion},
                                {"rollcall", kVersion},
                                {"content_path", cut(report.folder)},
                                {"user", report.user},
                                {"interval_seconds", seconds(report.interval)},
                                {"began_seconds_ago", seconds(report.began)},
                                {"ended_seconds_ago", seconds(report.ended)},
                                {"mounts", toJson(report.looks, now)},
                                {"mounts_before", toJson(report.before, now)}};
  return document.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

Result<VolumeReport> parseVolumeReport(std::string_view text, WallTime now) {
  if (text.size() > kMaxVolumeReportBytes) return refused("it is too large");
  const Result<Json> json = parseShallow(text);
  if (!json) return json.error();
  std::string wrong;
  Object document(*json, "", wrong);
  const std::uint64_t version = document.count("schema_version");
  if (!wrong.empty()) return refused(wrong);
  if (version != kSchemaVersion)
    return Error{
        ErrorCode::kProtocol,
        fmt::format("the volume agent's report has version {}, this Rollcall reads {}: run "
                    "the same version of both",
                    version, kSchemaVersion)};
  VolumeReport report;
  report.folder = document.path("content_path");
  report.user = static_cast<uid_t>(document.count("user", UINT32_MAX));
  report.interval = document.seconds("interval_seconds");
  report.began = document.seconds("began_seconds_ago");
  report.ended = document.seconds("ended_seconds_ago");
  report.looks = readMounts(document.objects("mounts"), now);
  report.before = readMounts(document.objects("mounts_before", 0), now);
  if (!wrong.empty()) return refused(wrong);
  return report;
}

bool isStale(const VolumeReport& report) {
  return report.ended / 3 > std::max(report.interval, kShortestRhythm);
}

}  // namespace rollcall
