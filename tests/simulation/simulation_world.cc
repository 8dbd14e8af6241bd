#include "simulation/simulation_world.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "covey/base/check.h"
#include "covey/datasets/draws.h"

namespace covey::testing {

using namespace simulation;

namespace {

datasets::Examples numbers(std::size_t count, std::uint64_t seed) {
  datasets::Examples examples;
  examples.shape = {1};
  datasets::Draws draws(seed);
  for (std::size_t i = 0; i < count; ++i) {
    examples.features.push_back(static_cast<float>(draws.between(-1, 1)));
    examples.targets.push_back(0);
  }
  return examples;
}

double mean_of(const datasets::Rows& rows) {
  double sum = 0;
  for (const std::int64_t row : rows.rows) {
    sum += rows.table->features[static_cast<std::size_t>(row)];
  }
  return rows.size() == 0 ? 0 : sum / static_cast<double>(rows.size());
}

}  // namespace

SmallDataset::SmallDataset(std::size_t devices)
    : devices_(devices), test_(datasets::Rows::all_of(numbers(1'100, 7))) {}

std::string SmallDataset::device_name(std::size_t device) const {
  return "device " + std::to_string(device);
}

Result<datasets::DeviceData> SmallDataset::device(std::size_t device) const {
  if (device >= devices_) return invalid_argument("no such device");
  return datasets::DeviceData{datasets::Rows::all_of(numbers(examples_of(device), device)), {}};
}

Status DriftTrainer::set_examples(datasets::Rows train, datasets::Rows held_out) {
  train_ = std::move(train);
  held_out_ = std::move(held_out);
  return {};
}

Status DriftTrainer::set_local(const model::Model& model) {
  const auto own = model.floats("own");
  own_.assign(own.begin(), own.end());
  return {};
}

Result<client::TrainingReport> DriftTrainer::run(const client::TrainingJob& job,
                                                 model::Model& model) {
  const bool is_training = job.plan.purpose == plan::Purpose::kTrain;
  const datasets::Rows& rows = is_training ? train_ : held_out_;
  const double goal = mean_of(rows);
  const double start = model.floats("weight")[0];
  datasets::Draws draws(job.seed);
  for (const ring::Tensor& tensor : manifest_.tensors()) {
    if (!is_training || tensor.role == ring::Role::kLocal) continue;
    for (float& value : model.floats(tensor.name)) {
      const double passes = job.plan.train.epochs;
      value += static_cast<float>((goal - value) * job.plan.train.learning_rate +
                                  passes * draws.between(-0.01, 0.01));
    }
  }
  double own = 0;
  if (!own_.empty()) {
    if (is_training) {
      own_[0] += static_cast<float>(0.1 + goal);
      std::ranges::copy(own_, model.floats("own").begin());
    }
    own = own_[0];
  }
  client::TrainingReport report;
  report.examples = rows.size();
  report.metrics.assign(job.plan.metrics.size(), std::abs(goal - start) + own);
  return report;
}

ring::Manifest drifting_manifest(Extra extra) {
  std::vector<ring::Tensor> tensors{{"weight", ring::DType::kF32, {30, 10}, ring::Role::kTrain}};
  if (extra == Extra::kBuffer) {
    tensors.push_back({"mean", ring::DType::kF32, {10}, ring::Role::kFloatBuffer});
  }
  if (extra == Extra::kLocal) {
    tensors.push_back({"own", ring::DType::kF32, {5}, ring::Role::kLocal});
  }
  auto manifest = ring::Manifest::create(std::move(tensors));
  COVEY_CHECK(manifest.has_value());  // the tensors are legal
  return std::move(*manifest);
}

SimulationSpec small_spec(bool is_masked) {
  SimulationSpec spec;
  coordinator::TaskSpec& task = spec.task;
  task.name = "small";
  task.model = "drift";
  task.rounds = 3;
  task.give_up_after = 3;
  task.train.learning_rate = 0.5;
  task.cohort.target = 8;
  task.cohort.minimum = 4;
  task.cohort.over_selection = 1;
  task.cohort.step_idle = std::chrono::seconds(5);
  task.codec.quantization_bits = 16;
  task.codec.max_weight = 100;
  task.codec.clipping = ring::L2Clip{100, {}};
  task.codec.buffer_range = 4;
  task.metrics = {"train_loss"};
  task.secure.masking = is_masked ? plan::Masking::kSecure : plan::Masking::kPlain;
  task.secure.minimum_devices = 4;
  task.secure.minimum_survivors = 2;
  task.secure.corrupt_fraction = 0;
  task.secure.dropout_fraction = 0.3;
  spec.simulation.workers = 2;
  return spec;
}

Parts small_parts(std::size_t devices, Extra extra) {
  Parts parts;
  parts.dataset = std::make_unique<SmallDataset>(devices);
  const ring::Manifest manifest = drifting_manifest(extra);
  parts.initial_model = model::Model::zeros(manifest);
  parts.make_trainer = [manifest]() -> Result<std::unique_ptr<client::ExamplesTrainer>> {
    return std::unique_ptr<client::ExamplesTrainer>(std::make_unique<DriftTrainer>(manifest));
  };
  return parts;
}

Federation small_federation(SimulationSpec spec, Parts parts) {
  auto federation = Federation::create(std::move(spec), std::move(parts));
  if (!federation) throw std::runtime_error(federation.error().message);
  return std::move(*federation);
}

std::vector<Digest> models_of(Federation& federation) {
  std::vector<Digest> models;
  auto end = federation.run([&](const RoundResult& result) {
    models.push_back(result.model);
    return true;
  });
  if (!end) throw std::runtime_error(end.error().message);
  return models;
}

}  // namespace covey::testing
