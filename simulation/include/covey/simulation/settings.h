#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "covey/coordinator/task_file.h"
#include "covey/datasets/federated_dataset.h"
#include "covey/simulation/faults.h"

namespace covey::simulation {

// The [simulation] section of a task file.
struct SimulationSettings {
  std::uint64_t seed = 1;     // of everything: model, sampling, training, speeds, faults
  std::uint64_t workers = 0;  // threads that train; 0: as many as the machine has cores
  // Every so many rounds the model is evaluated on the test set, and when the task is done.
  std::uint64_t evaluate_every = 1;
  std::uint64_t keep_models = 0;  // newest versions that a run's folder keeps; 0: all

  // What virtual time is made of; a device's own factor is drawn once, from its number.
  double examples_per_second = 300;       // that a device of factor 1 trains
  double speed_spread = 0.5;              // deviation of the factor's logarithm
  std::chrono::milliseconds latency{50};  // of a message, each way
  double megabits_per_second = 10;        // of a device's link, each way
};

// A task file as the simulator reads it: the daemon's sections, and [data], [simulation] and
// [faults].
struct SimulationSpec {
  coordinator::TaskSpec task;
  datasets::DataSettings data;
  SimulationSettings simulation;
  FaultSettings faults;
  std::string base_folder;  // that relative paths are relative to
  std::string text;         // the file, with what was set over it
};

// "train.learning_rate", "0.1"
using Overrides = std::vector<std::pair<std::string, std::string>>;

// kInvalidArgument with line and column, what was expected and found.
Result<SimulationSpec> parse_simulation_file(std::string_view text, std::string base_folder,
                                             const Overrides& overrides = {});
// Of a path. kNotFound when there is no such file.
Result<SimulationSpec> read_simulation_file(const std::string& path,
                                            const Overrides& overrides = {});

}  // namespace covey::simulation
