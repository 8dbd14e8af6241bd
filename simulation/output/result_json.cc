#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "simulation/output/result_lines.h"

namespace covey::simulation {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_of_test(const std::optional<Evaluation>& test) {
  if (!test) return nullptr;
  return {{"examples", test->examples},
          {"loss", number(test->loss)},
          {"accuracy", test->accuracy ? number(*test->accuracy) : Json(nullptr)}};
}

double double_of(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}
void read(const Json& json, const char* key, double& out) { out = double_of(json.at(key)); }
void read(const Json& json, const char* key, std::uint64_t& out) { json.at(key).get_to(out); }

void read_counts(const Json& json, RoundResult& result) {
  read(json, "round", result.round);
  read(json, "version", result.version);
  read(json, "assigned", result.assigned);
  read(json, "cohort", result.cohort);
  read(json, "groups", result.groups);
  read(json, "survivors", result.survivors);
  read(json, "dropped", result.dropped);
  read(json, "faults", result.faults);
  read(json, "weight", result.weight);
  read(json, "capped_weights", result.capped_weights);
  read(json, "clipped_devices", result.clipped_devices);
  read(json, "clipped_coordinates", result.clipped_coordinates);
  read(json, "coordinates", result.coordinates);
  read(json, "bytes_up", result.bytes_up);
  read(json, "bytes_down", result.bytes_down);
}

RoundResult result_from(const Json& json) {
  RoundResult result;
  read_counts(json, result);
  json.at("completed").get_to(result.is_completed);
  json.at("reason").get_to(result.reason);
  const auto model = digest_from_hex(json.at("model_sha256").get<std::string>());
  if (!model) throw Json::other_error::create(501, "model_sha256 is no SHA-256", nullptr);
  result.model = *model;
  for (const auto& [name, value] : json.at("metrics").items()) {
    result.metrics[name] = double_of(value);
  }
  if (const Json& test = json.at("test"); !test.is_null()) {
    Evaluation& evaluation = result.test.emplace();
    read(test, "examples", evaluation.examples);
    read(test, "loss", evaluation.loss);
    if (!test.at("accuracy").is_null()) evaluation.accuracy = double_of(test.at("accuracy"));
  }
  read(json, "learning_rate", result.learning_rate);
  read(json, "server_learning_rate", result.server_learning_rate);
  result.virtual_duration = std::chrono::milliseconds(json.at("virtual_ms").get<std::int64_t>());
  const Json& seconds = json.at("seconds");
  read(seconds, "training", result.seconds.training);
  read(seconds, "aggregation", result.seconds.aggregation);
  read(seconds, "merge", result.seconds.merge);
  read(seconds, "evaluation", result.seconds.evaluation);
  return result;
}

}  // namespace

std::string json_line_of(const RoundResult& result) {
  Json metrics = Json::object();
  for (const auto& [name, value] : result.metrics) metrics[name] = number(value);
  const Json json = {{"round", result.round},
                     {"completed", result.is_completed},
                     {"reason", result.reason},
                     {"version", result.version},
                     {"model_sha256", to_hex(result.model)},
                     {"assigned", result.assigned},
                     {"cohort", result.cohort},
                     {"groups", result.groups},
                     {"survivors", result.survivors},
                     {"dropped", result.dropped},
                     {"faults", result.faults},
                     {"weight", result.weight},
                     {"capped_weights", result.capped_weights},
                     {"clipped_devices", result.clipped_devices},
                     {"clipped_coordinates", result.clipped_coordinates},
                     {"coordinates", result.coordinates},
                     {"bytes_up", result.bytes_up},
                     {"bytes_down", result.bytes_down},
                     {"metrics", std::move(metrics)},
                     {"test", json_of_test(result.test)},
                     {"learning_rate", number(result.learning_rate)},
                     {"server_learning_rate", number(result.server_learning_rate)},
                     {"virtual_ms", result.virtual_duration.count()},
                     {"seconds",
                      {{"training", number(result.seconds.training)},
                       {"aggregation", number(result.seconds.aggregation)},
                       {"merge", number(result.seconds.merge)},
                       {"evaluation", number(result.seconds.evaluation)}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RoundResult> result_from_json(std::string_view line) {
  try {
    return result_from(Json::parse(line));
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kDataLoss,
                 std::string("this is no result of a round: ") + error.what()};
  }
}

}  // namespace covey::simulation
