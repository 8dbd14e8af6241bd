#pragma once

#include "covey/client/trainer.h"

namespace covey::testing {

// A device that learns nothing, but answers what it is told to: it adds `step` to every parameter,
// and says that it has so many examples and such a loss.
class AddingTrainer final : public client::Trainer {
 public:
  AddingTrainer(ring::Manifest manifest, float step, std::uint64_t examples, double loss = 0.5)
      : manifest_(std::move(manifest)), step_(step), examples_(examples), loss_(loss) {}
  const ring::Manifest& manifest() const override { return manifest_; }

  Result<client::TrainingReport> run(const client::TrainingJob& job, model::Model& model) override {
    for (const auto& tensor : manifest_.tensors()) {
      for (float& value : model.floats(tensor.name)) value += step_;
    }
    client::TrainingReport report;
    report.examples = examples_;
    report.metrics.assign(job.plan.metrics.size(), loss_);
    return report;
  }

 private:
  ring::Manifest manifest_;
  float step_;
  std::uint64_t examples_;
  double loss_;
};

}  // namespace covey::testing
