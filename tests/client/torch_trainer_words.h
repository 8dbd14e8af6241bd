#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/torch_support.h"
#include "covey/aggregation/model/safetensors.h"
#include "support/catch.h"

// What tests of TorchTrainer say in one word.
namespace covey::client {

using plan::Loss;
using plan::Optimizer;
using testing::make_torch_trainer;
using testing::Net;
using testing::torch_model;
using testing::TorchCase;

inline plan::Plan plan_of(const plan::TrainSettings& settings,
                          std::vector<std::string> metrics = {}) {
  plan::Plan plan;
  plan.train = settings;
  plan.metrics = std::move(metrics);
  return plan;
}

inline plan::TrainSettings sgd() {
  plan::TrainSettings settings;
  settings.batch_size = 8;
  return settings;
}

inline std::unique_ptr<Trainer> trainer_of(const TorchCase& test_case) {
  return make_torch_trainer(test_case).value();
}

inline Error failure(Trainer& trainer, const plan::Plan& plan, std::stop_token stop = {}) {
  model::Model model = torch_model(Net::kPlain, 1).value();
  const auto report = trainer.run({plan, 1, 1, std::move(stop)}, model);
  REQUIRE_FALSE(report.has_value());
  return report.error();
}

inline float distance(const model::Model& a, const model::Model& b) {
  float most = 0;
  for (const ring::Tensor& tensor : a.manifest().tensors()) {
    const auto left = a.floats(tensor.name);
    const auto right = b.floats(tensor.name);
    for (std::size_t i = 0; i < left.size(); ++i) {
      most = std::max(most, std::abs(left[i] - right[i]));
    }
  }
  return most;
}

inline bool same_bytes(const model::Model& a, const model::Model& b) {
  return model::write_model(a) == model::write_model(b);
}

inline bool mentions(const Error& error, std::string_view text) {
  return error.message.find(text) != std::string::npos;
}

}  // namespace covey::client
