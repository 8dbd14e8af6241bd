#pragma once

#include <map>
#include <mutex>
#include <string>

#include "covey/simulation/federation.h"

namespace covey::testing {

// Devices with a few numbers each, and nothing to be classified.
class SmallDataset final : public datasets::FederatedDataset {
 public:
  explicit SmallDataset(std::size_t devices);
  std::string description() const override { return "small"; }
  std::size_t devices() const override { return devices_; }
  std::string device_name(std::size_t device) const override;
  std::size_t examples_of(std::size_t device) const override { return 3 + device % 5; }
  Result<datasets::DeviceData> device(std::size_t device) const override;
  const datasets::Rows& test() const override { return test_; }
  std::vector<std::uint64_t> shape() const override { return {1}; }
  std::int64_t outputs() const override { return 1; }
  bool is_classification() const override { return false; }
  Digest schema() const override { return {}; }

 private:
  std::size_t devices_;
  datasets::Rows test_;
};

// "Trains" by moving every parameter part of the way towards the mean of the device's numbers, and
// a little by what the seed says, so that a device, a seed or a model that is mixed up shows. Its
// loss is the distance.
class DriftTrainer final : public client::ExamplesTrainer {
 public:
  explicit DriftTrainer(ring::Manifest manifest) : manifest_(std::move(manifest)) {}
  const ring::Manifest& manifest() const override { return manifest_; }
  Status set_examples(datasets::Rows train, datasets::Rows held_out) override;
  Status set_local(const model::Model& model) override;
  Result<client::TrainingReport> run(const client::TrainingJob& job, model::Model& model) override;

 private:
  ring::Manifest manifest_;
  datasets::Rows train_;
  datasets::Rows held_out_;
  std::vector<float> own_;  // of the local tensor, as it was set or trained last
};

// Its tensors: "weight" [30 x 10], trained; "mean" [10], a float buffer, and "own" [5], which every
// device keeps for itself and which moves its loss, where asked for.
enum class Extra { kNone, kBuffer, kLocal };
ring::Manifest drifting_manifest(Extra extra = Extra::kNone);

// A valid task for it: 8 of 20 devices a round, 3 rounds.
simulation::SimulationSpec small_spec(bool is_masked = false);
simulation::Parts small_parts(std::size_t devices = 20, Extra extra = Extra::kNone);
simulation::Federation small_federation(simulation::SimulationSpec spec,
                                        simulation::Parts parts = small_parts());
// The digests of the models after each round, until the task is done or gives up.
std::vector<Digest> models_of(simulation::Federation& federation);

}  // namespace covey::testing
