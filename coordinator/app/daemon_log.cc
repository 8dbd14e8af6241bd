#include "coordinator/app/daemon_log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace covey::coordinator {
namespace {

spdlog::level::level_enum level_of(const LogLine& line) {
  return line.level == "error"     ? spdlog::level::err
         : line.level == "warning" ? spdlog::level::warn
                                   : spdlog::level::info;
}

}  // namespace

Result<std::function<void(const LogLine&)>> make_log_sink(const std::string& format,
                                                          const std::string& level) {
  if (format != "text" && format != "json") {
    return invalid_argument("--log-format is text or json; found '" + format + "'");
  }
  if (level != "info" && level != "warning" && level != "error") {
    return invalid_argument("--log-level is info, warning or error; found '" + level + "'");
  }
  auto logger = spdlog::stderr_color_mt("covey");
  const bool is_json = format == "json";
  logger->set_pattern(is_json ? "%v" : "%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  return std::function<void(const LogLine&)>([logger, is_json](const LogLine& line) {
    if (!is_json) return logger->log(level_of(line), "{}", line.text);
    const nlohmann::json object{
        {"at_unix_ms", line.at}, {"level", line.level}, {"text", line.text}};
    logger->log(level_of(line), "{}", object.dump());
  });
}

}  // namespace covey::coordinator
