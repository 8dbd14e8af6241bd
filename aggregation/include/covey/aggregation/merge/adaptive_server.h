#pragma once

#include <vector>

#include "covey/aggregation/merge/strategy.h"

namespace covey::merge {

// How v, the size of past updates, takes up Δ.
enum class AdaptiveRule : std::uint8_t {
  kAdagrad = 1,  // v <- v + Δ²
  kAdam = 2,     // v <- β₂·v + (1 - β₂)·Δ²
  kYogi = 3,     // v <- v - (1 - β₂)·Δ²·sign(v - Δ²)
};

// The paper's defaults, but for the rate, which it tunes for each task, and β₁ of kAdagrad, which
// is 0 there.
struct AdaptiveSettings {
  float server_learning_rate = 0.01f;  // η
  float beta1 = 0.9f;
  float beta2 = 0.99f;    // kAdam, kYogi
  float epsilon = 1e-3f;  // τ, the degree of adaptivity: an update far below it moves little
};

// FedAdagrad, FedAdam and FedYogi (Reddi et al. 2021, "Adaptive Federated Optimization", algorithm
// 2): m <- β₁·m + (1 - β₁)·Δ, v by the rule, model += rate · m / (√v + τ), Δ the weighted mean of
// the differences. m starts at zero and v at τ², with no correction of either; they take their
// length from the first merge, and are the state. Float buffers get their mean, and have no state:
// a step of about the rate, whatever Δ, could make a variance negative.
class AdaptiveServer final : public Strategy {
 public:
  // kInvalidArgument unless the rate is finite and above 0, both betas are in [0, 1), and τ is in
  // [1e-12, 1e3].
  static Result<AdaptiveServer> create(AdaptiveRule rule, const AdaptiveSettings& settings = {});

  std::string_view name() const override;  // "fedadagrad", "fedadam", "fedyogi"
  Status merge(const WeightedUpdate& update, std::span<float> model) override;
  Bytes save_state() const override;
  Status restore_state(ByteView state) override;

 private:
  AdaptiveServer(AdaptiveRule rule, const AdaptiveSettings& settings)
      : rule_(rule), settings_(settings) {}
  template <typename Rule>
  Status merge_by(const WeightedUpdate& update, std::span<float> model, const Rule& rule);

  AdaptiveRule rule_;
  AdaptiveSettings settings_;
  std::vector<float> state_;  // m, then v; empty before the first merge
};

}  // namespace covey::merge
