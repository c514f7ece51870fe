#include "daemon/run/journal.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace rollcall {
namespace {

constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";

spdlog::level::level_enum spdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  std::abort();
}

std::string jsonText(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string jsonLine(std::string_view message, const Journal::Fields& fields) {
  std::string line = "\"message\":" + jsonText(message);
  for (const auto& [name, value] : fields)
    if (!value.empty()) line += "," + jsonText(name) + ":" + jsonText(value);
  return line;
}

std::string withoutControls(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return clean;
}

std::string textLine(std::string_view message, const Journal::Fields& fields) {
  std::string line = withoutControls(message);
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    const bool quoted = value.find_first_of(" \"=") != std::string::npos;
    line += " " + std::string(name) + "=" +
            (quoted ? jsonText(withoutControls(value)) : withoutControls(value));
  }
  return line;
}

class SpdlogJournal final : public Journal {
 public:
  SpdlogJournal(LogStyle style, spdlog::sink_ptr sink)
      : style_(style), logger_("rollcall", std::move(sink)) {
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        style == LogStyle::kJson ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc));
    logger_.flush_on(spdlog::level::info);
  }

  void write(LogLevel level, std::string_view message, const Fields& fields) override {
    const std::string line =
        style_ == LogStyle::kJson ? jsonLine(message, fields) : textLine(message, fields);
    logger_.log(spdlogLevel(level), spdlog::string_view_t(line));
  }

 private:
  const LogStyle style_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Journal> makeJournal(LogStyle style) {
  if (style == LogStyle::kColor)
    return std::make_unique<SpdlogJournal>(
        style, std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  return std::make_unique<SpdlogJournal>(style, std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

std::unique_ptr<Journal> makeJournal(LogStyle style, std::ostream& out) {
  return std::make_unique<SpdlogJournal>(
      style, std::make_shared<spdlog::sinks::ostream_sink_mt>(out, true));
}

}  // namespace rollcall
