#pragma once

#include <atomic>
#include <sstream>
#include <string>

#include "simulation/app/command.h"
#include "simulation/output_support.h"

namespace covey::simulation::testing {

// A federation that learns nothing: its rounds are made up, but each depends on the one before and
// on the task's seed, so that a run that did not go on where it was would be found out.
class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(SimulationSpec spec) : spec_(std::move(spec)) {}

  Result<RunEnd> run(const std::function<bool(const RoundResult&)>& goes_on) override;
  const datasets::FederatedDataset& dataset() const override { return dataset_; }
  std::uint64_t parameters() const override { return 1000; }
  std::uint64_t workers() const override {
    return std::max<std::uint64_t>(1, spec_.simulation.workers);
  }
  std::uint64_t rounds_begun() const override { return round_; }
  std::uint64_t rounds_completed() const override { return round_; }
  Bytes model_file() const override;
  Bytes save_state() const override;
  Status restore_state(ByteView state) override;

 private:
  SimulationSpec spec_;
  SmallDataset dataset_{4};
  std::uint64_t round_ = 0;
  std::uint64_t value_ = 1;  // the model
};

// What a command is run in. Time stands still.
struct World {
  std::ostringstream out;
  std::ostringstream err;
  std::uint64_t stops_after = ~std::uint64_t{0};  // rounds of all runs together
  std::atomic<std::uint64_t> engines{0};          // that were made
  std::string data_folder;

  int run(const std::vector<std::string>& arguments);

 private:
  std::atomic<std::uint64_t> asked_{0};
};

}  // namespace covey::simulation::testing
