#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "covey/base/result.h"
#include "simulation/output/partition_picture.h"

namespace covey::simulation {

// What a run is, for whoever looks at it: the display, the report, comparisons. A run's folder has
// it as run.json.
struct RunInfo {
  std::string covey_version;
  std::string task;
  std::string description;
  std::string model;
  std::uint64_t parameters = 0;
  std::string dataset;  // its description
  std::uint64_t devices = 0;
  std::uint64_t test_examples = 0;  // that no device has
  std::string strategy;
  bool is_masked = true;
  // What else a reader of the report wants to know of the settings: a label and a text.
  std::vector<std::pair<std::string, std::string>> facts;
  std::uint64_t seed = 1;
  std::uint64_t workers = 1;
  std::uint64_t rounds = 0;  // completed ones that the task wants
  std::vector<std::string> metrics;
  std::string target_metric;  // empty: none
  double target_value = 0;
  std::int64_t started_at = 0;  // milliseconds since 1970
  std::string base_folder;      // that relative paths of the task file are relative to
  std::string data_folder;      // what --data said; empty: nothing
  std::string ended;            // how, for a person; empty: it can go on
  PartitionPicture partition;

  bool operator==(const RunInfo&) const = default;
};

std::string json_of(const RunInfo& info);  // indented
// kDataLoss when it is not that.
Result<RunInfo> run_info_from_json(std::string_view text);

}  // namespace covey::simulation
