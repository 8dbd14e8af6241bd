#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "covey/aggregation/plan/plan.h"
#include "covey/coordinator/learning_rate_schedule.h"

namespace covey::settings {
class TomlDocument;
}

namespace covey::coordinator {

enum class Schedule : std::uint8_t {
  kWhenReady = 1,  // the next round begins when the last one has ended
  kEvery = 2,      // at most one round in each interval
  kByHand = 3,     // only when an operator says so
};
std::string_view name_of(Schedule schedule);  // "when-ready"

enum class StrategyKind : std::uint8_t {
  kFedAvg = 1,
  kServerMomentum = 2,
  kFedAdagrad = 3,
  kFedAdam = 4,
  kFedYogi = 5,
  kFedSgd = 6,  // merges as FedAvg; a device takes one step, on all its examples at once
};
std::string_view name_of(StrategyKind kind);  // "fedavg", "fedavgm", "fedadam", …
bool is_adaptive(StrategyKind kind);          // FedAdagrad, FedAdam, FedYogi

// Which devices a task takes: all that fit every rule that is not empty.
struct Selection {
  std::vector<std::string> devices;               // names; `*` at the end stands for any rest
  std::vector<std::string> tags;                  // the device has each of them
  std::map<std::string, std::string> properties;  // declared by the device, equal
  bool accepts(const std::string& name, const std::vector<std::string>& device_tags,
               const std::map<std::string, std::string>& device_properties) const;
  bool operator==(const Selection&) const = default;
};

// Who makes up a round, and how long it may take. All times are about progress or the device's own
// work, never about a device's clock.
struct CohortRules {
  std::uint32_t target = 10;       // devices in the round's groups
  std::uint32_t minimum = 10;      // fewer trained devices at the deadline end the round
  double over_selection = 1.2;     // devices given work, for one of target
  std::uint32_t group_size = 200;  // at most; a larger cohort is split evenly
  std::chrono::milliseconds training_deadline{600'000};  // from the first assignment
  std::chrono::milliseconds step_idle{30'000};  // a step closes when nothing has come for so long
  bool operator==(const CohortRules&) const = default;
};

// Whether a metric is the better the lower it is: "loss", what ends in "_loss", and "rmse".
bool falls(std::string_view metric);

// A task as an operator writes it down. The same file drives the simulator.
struct TaskSpec {
  // [task]
  std::string name;
  std::string description;
  std::uint64_t rounds = 10;  // completed ones
  Schedule schedule = Schedule::kWhenReady;
  std::chrono::milliseconds every{0};  // kEvery
  std::uint32_t give_up_after = 5;     // aborted rounds in a row
  Selection selection;
  std::optional<Digest> data_schema;  // that a device's data must have
  // [model]
  std::string model;                        // architecture
  std::string initial_model;                // path of a safetensors file, relative to the task file
  std::map<std::string, ring::Role> roles;  // tensor name, `*` at the end stands for any rest
  // [train]
  plan::TrainSettings train;
  LearningRateSchedule train_schedule;
  // [round]
  CohortRules cohort;
  // [aggregation]
  StrategyKind strategy = StrategyKind::kFedAvg;
  double server_learning_rate = 1;  // where it is not said, 0.01 for the adaptive ones
  LearningRateSchedule server_schedule;
  double server_momentum = 0.9;  // kServerMomentum
  double server_beta1 = 0.9;     // the adaptive ones; where it is not said, 0 for kFedAdagrad
  double server_beta2 = 0.99;    // kFedAdam, kFedYogi
  double server_epsilon = 1e-3;  // the adaptive ones: τ
  ring::CodecSettings codec;     // max_devices follows from the cohort
  bool is_rotated = true;        // the rotation's seed differs each round
  // [secure]
  plan::SecureSettings secure;
  // [evaluate]
  std::vector<std::string> metrics{"train_loss", "loss", "accuracy"};
  std::string target_metric;  // e.g. "accuracy"; empty: none
  double target_value = 0;    // reaching it completes the task

  ring::Role role_of(std::string_view tensor, ring::DType dtype) const;
  // Whether a round's metrics reach the target: what `falls` falls to it, all else rises to it.
  bool is_reached_by(const std::map<std::string, double>& metrics) const;
  // What the server rate of a round is multiplied by, and what then comes out.
  double server_rate_factor_at(std::uint64_t round) const;
  double server_learning_rate_at(std::uint64_t round) const;
  // The plan of one round, with its learning rate. kInvalidArgument when the settings do not fit
  // the manifest.
  Result<plan::Plan> plan_for(const ring::Manifest& manifest, std::uint64_t round) const;
};

// Who reads a task file. The simulator draws a first model where none is named, and evaluates on a
// test set of its own: its targets may be "test_loss" and "test_accuracy".
enum class TaskFileUse : std::uint8_t { kCoordinator, kSimulation };

inline constexpr std::size_t kMaxTaskFileBytes = std::size_t{1} << 20;

// Reads and checks a whole task file (TOML). kInvalidArgument with the line and column, what was
// expected and found; an unknown key with the nearest legal one. All defaults are filled in. The
// simulator's sections, [data], [simulation] and [faults], are not looked into.
Result<TaskSpec> parse_task_file(std::string_view text,
                                 TaskFileUse use = TaskFileUse::kCoordinator);

// The same of a document in which the caller reads those sections too; errors are the document's.
// What it does not say is as in `spec`.
void read_task_sections(settings::TomlDocument& document, TaskFileUse use, TaskSpec& spec);

}  // namespace covey::coordinator
