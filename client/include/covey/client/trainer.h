#pragma once

#include <stop_token>
#include <vector>

#include "covey/aggregation/model/model.h"
#include "covey/aggregation/plan/plan.h"

namespace covey::client {

// What a trainer is to do, from the plan and the round.
struct TrainingJob {
  const plan::Plan& plan;
  std::uint64_t round = 0;
  std::uint64_t seed = 0;  // for shuffling and dropout; differs by device and round
  std::stop_token stop;    // looked at after every step at the latest
};

// What it learned. Nothing of this leaves the device but inside the masked vector.
struct TrainingReport {
  std::uint64_t examples = 0;   // 0: nothing to contribute
  std::vector<double> metrics;  // means over the examples, one for each of plan.metrics
};

// Trains on the device's own data. Implemented by the app, or by TorchTrainer. Called from one
// thread at a time.
class Trainer {
 public:
  virtual ~Trainer() = default;

  // The model that this trainer is written for. A plan for another one is refused, naming the first
  // tensor that differs.
  virtual const ring::Manifest& manifest() const = 0;
  // What the data looks like: a task may ask for it. Zeros when the app does not say.
  virtual Digest data_schema() const { return {}; }

  // kTrain: `model` holds the global parameters, and the trained ones afterwards. kEvaluate: it is
  // only looked at. kCancelled soon after `stop`; any error is this device's fault, and the round
  // goes on without it. NaN and infinities are caught by the caller.
  virtual Result<TrainingReport> run(const TrainingJob& job, model::Model& model) = 0;
};

}  // namespace covey::client
