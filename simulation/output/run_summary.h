#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "covey/coordinator/task_file.h"
#include "covey/simulation/round_result.h"
#include "simulation/output/run_info.h"

namespace covey::simulation {

// A completed round's value by name: "test_accuracy" and "test_loss" are of the test set, all other
// names of the devices' metrics. Nothing when it has none, or none that is finite.
std::optional<double> value_of(const RoundResult& result, std::string_view name);
using coordinator::falls;
std::string label_of(std::string_view name);                     // "test accuracy"
std::string text_of_value(std::string_view name, double value);  // "97.31 %", "0.0853"

struct Mark {
  std::uint64_t round = 0;
  std::uint64_t version = 0;
  double value = 0;
};

// What a run came to.
struct RunSummary {
  // The number by which the run is judged, the first of these that it has: test_accuracy, accuracy,
  // test_loss, loss, rmse, train_loss. Empty: it has none.
  std::string headline;
  std::optional<Mark> best;
  std::optional<Mark> last;
  std::optional<std::uint64_t> rounds_to_target;

  std::uint64_t rounds = 0;  // aborted ones are among them
  std::uint64_t completed = 0;
  std::uint64_t assigned = 0;  // devices, of all rounds
  std::uint64_t updates = 0;   // that are in a sum
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  double seconds = 0;  // by the machine's clock
  std::chrono::milliseconds virtual_time{0};

  double updates_per_second() const;
  double bytes_up_per_device() const;  // and round
};

RunSummary summary_of(const RunInfo& info, std::span<const RoundResult> results);

}  // namespace covey::simulation
