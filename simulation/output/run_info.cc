#include "simulation/output/run_info.h"

#include <nlohmann/json.hpp>

namespace covey::simulation {
namespace {

using Json = nlohmann::ordered_json;

Json json_of_partition(const PartitionPicture& picture) {
  Json shown = Json::array();
  for (const DevicePicture& device : picture.shown) {
    shown.push_back(
        {{"name", device.name}, {"examples", device.examples}, {"labels", device.labels}});
  }
  Json sizes = Json::array();
  for (const SizeBin& bin : picture.sizes) {
    sizes.push_back({{"low", bin.low}, {"high", bin.high}, {"devices", bin.devices}});
  }
  return {{"devices", picture.devices},   {"examples", picture.examples},
          {"smallest", picture.smallest}, {"largest", picture.largest},
          {"classes", picture.classes},   {"shown", std::move(shown)},
          {"sizes", std::move(sizes)}};
}

template <typename T>
void read(const Json& json, const char* key, T& out) {
  json.at(key).get_to(out);
}

PartitionPicture partition_from(const Json& json) {
  PartitionPicture picture;
  read(json, "devices", picture.devices);
  read(json, "examples", picture.examples);
  read(json, "smallest", picture.smallest);
  read(json, "largest", picture.largest);
  read(json, "classes", picture.classes);
  for (const Json& device : json.at("shown")) {
    DevicePicture& one = picture.shown.emplace_back();
    read(device, "name", one.name);
    read(device, "examples", one.examples);
    read(device, "labels", one.labels);
  }
  for (const Json& bin : json.at("sizes")) {
    SizeBin& one = picture.sizes.emplace_back();
    read(bin, "low", one.low);
    read(bin, "high", one.high);
    read(bin, "devices", one.devices);
  }
  return picture;
}

RunInfo info_from(const Json& json) {
  RunInfo info;
  read(json, "covey_version", info.covey_version);
  read(json, "task", info.task);
  read(json, "description", info.description);
  read(json, "model", info.model);
  read(json, "parameters", info.parameters);
  read(json, "dataset", info.dataset);
  read(json, "devices", info.devices);
  read(json, "test_examples", info.test_examples);
  read(json, "strategy", info.strategy);
  read(json, "masked", info.is_masked);
  for (const auto& [label, text] : json.at("facts").items()) {
    info.facts.emplace_back(label, text.get<std::string>());
  }
  read(json, "seed", info.seed);
  read(json, "workers", info.workers);
  read(json, "rounds", info.rounds);
  read(json, "metrics", info.metrics);
  if (!json.at("target").is_null()) {
    read(json.at("target"), "metric", info.target_metric);
    read(json.at("target"), "value", info.target_value);
  }
  read(json, "started_at_ms", info.started_at);
  read(json, "base_folder", info.base_folder);
  read(json, "data_folder", info.data_folder);
  if (!json.at("ended").is_null()) read(json, "ended", info.ended);
  info.partition = partition_from(json.at("partition"));
  return info;
}

}  // namespace

std::string json_of(const RunInfo& info) {
  Json facts = Json::object();
  for (const auto& [label, text] : info.facts) facts[label] = text;
  Json target;
  if (!info.target_metric.empty()) {
    target = {{"metric", info.target_metric}, {"value", info.target_value}};
  }
  const Json json = {{"covey_version", info.covey_version},
                     {"task", info.task},
                     {"description", info.description},
                     {"model", info.model},
                     {"parameters", info.parameters},
                     {"dataset", info.dataset},
                     {"devices", info.devices},
                     {"test_examples", info.test_examples},
                     {"strategy", info.strategy},
                     {"masked", info.is_masked},
                     {"facts", std::move(facts)},
                     {"seed", info.seed},
                     {"workers", info.workers},
                     {"rounds", info.rounds},
                     {"metrics", info.metrics},
                     {"target", std::move(target)},
                     {"started_at_ms", info.started_at},
                     {"base_folder", info.base_folder},
                     {"data_folder", info.data_folder},
                     {"ended", info.ended.empty() ? Json(nullptr) : Json(info.ended)},
                     {"partition", json_of_partition(info.partition)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RunInfo> run_info_from_json(std::string_view text) {
  try {
    return info_from(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kDataLoss,
                 std::string("this is no description of a run: ") + error.what()};
  }
}

}  // namespace covey::simulation
