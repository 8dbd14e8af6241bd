#include <cmath>

#include "client/torch/models/architecture.h"
#include "client/torch/models/layers.h"
#include "covey/datasets/draws.h"

namespace covey::client {
namespace {

namespace nn = torch::nn;

template <typename Draw>
void fill(const nn::Module& layer, Draw draw) {
  for (auto& parameter : layer.named_parameters(false)) {
    float* const values = parameter.value().data_ptr<float>();
    for (std::int64_t i = 0; i < parameter.value().numel(); ++i) {
      values[i] = static_cast<float>(draw());
    }
  }
}

// What the bounds of a layer's values are drawn for; 0 for one that has no values to draw.
double fan_in(const nn::Module& layer) {
  if (const auto* const lstm = layer.as<LstmLayerImpl>()) {
    return static_cast<double>(lstm->weight_hh.size(1));
  }
  const auto parameters = layer.named_parameters(false);
  const torch::Tensor* const weight = parameters.find("weight");
  // Of one dimension: a normalisation's, which LibTorch makes as 1, and its bias as 0.
  if (weight == nullptr || weight->dim() < 2) return 0;
  return static_cast<double>(weight->numel() / weight->size(0));
}

}  // namespace

void initialise(nn::Module& module, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  datasets::Draws draws(seed);
  for (const auto& layer : module.modules(false)) {
    if (layer->as<nn::EmbeddingImpl>() != nullptr) {
      fill(*layer, [&] { return draws.bell(); });
    } else if (const double inputs = fan_in(*layer); inputs > 0) {
      const double bound = 1 / std::sqrt(inputs);
      fill(*layer, [&] { return draws.between(-bound, bound); });
    }
  }
}

}  // namespace covey::client
