#include "coordinator/store/json_text.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace covey::coordinator {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_of_number(double number) {
  if (std::isfinite(number)) return number;
  return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
}

std::optional<double> number_of(const Json& json) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (json.is_number()) return json.get<double>();
  if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (json == "inf") return kInfinity;
  if (json == "-inf") return -kInfinity;
  return std::nullopt;
}

Json parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

}  // namespace

std::string json_of(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = json_of_number(value);
  return text_of(json);
}

std::string json_of(const Tags& tags) { return text_of(Json(tags)); }
std::string json_of(const Properties& properties) { return text_of(Json(properties)); }

std::optional<Metrics> metrics_of(const std::string& text) {
  const Json json = parsed(text);
  if (!json.is_object()) return std::nullopt;
  Metrics metrics;
  for (const auto& [name, value] : json.items()) {
    const std::optional<double> number = number_of(value);
    if (!number) return std::nullopt;
    metrics[name] = *number;
  }
  return metrics;
}

std::optional<Tags> tags_of(const std::string& text) {
  const Json json = parsed(text);
  if (!json.is_array()) return std::nullopt;
  Tags tags;
  for (const Json& tag : json) {
    if (!tag.is_string()) return std::nullopt;
    tags.push_back(tag.get<std::string>());
  }
  return tags;
}

std::optional<Properties> properties_of(const std::string& text) {
  const Json json = parsed(text);
  if (!json.is_object()) return std::nullopt;
  Properties properties;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return std::nullopt;
    properties[name] = value.get<std::string>();
  }
  return properties;
}

}  // namespace covey::coordinator
