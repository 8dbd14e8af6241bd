#include <algorithm>
#include <string>
#include <vector>

#include "client/torch/guarded.h"
#include "client/torch/models/architecture.h"
#include "covey/client/torch/networks.h"

namespace covey::client {
namespace {

// Above any example's size; products of it do not overflow.
constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 28;
constexpr std::int64_t kMostOutputs = std::int64_t{1} << 24;

std::vector<const Architecture*> all_architectures() {
  std::vector<const Architecture*> all;
  for (const auto family : {digit_networks(), residual_networks(), sequence_networks()}) {
    for (const Architecture& one : family) all.push_back(&one);
  }
  std::ranges::sort(all, {}, [](const Architecture* one) { return one->info.name; });
  return all;
}
const std::vector<const Architecture*>& architectures() {
  static const std::vector<const Architecture*> all = all_architectures();
  return all;
}

std::string text_of(std::span<const std::uint64_t> input) {
  std::string text;
  for (const std::uint64_t size : input) {
    text += (text.empty() ? "" : " x ") + std::to_string(size);
  }
  return text.empty() ? "nothing" : text;
}

bool has_legal_sizes(const NetworkShape& shape) {
  std::uint64_t numbers = 1;
  for (const std::uint64_t size : shape.input) {
    if (size == 0 || size > kMostNumbers / numbers) return false;
    numbers *= size;
  }
  return !shape.input.empty() && shape.outputs > 0 && shape.outputs <= kMostOutputs;
}

}  // namespace

std::span<const ModelInfo> model_catalogue() {
  static const std::vector<ModelInfo> catalogue = [] {
    std::vector<ModelInfo> infos;
    for (const Architecture* const one : architectures()) infos.push_back(one->info);
    return infos;
  }();
  return catalogue;
}

Result<const Architecture*> find_architecture(std::string_view name) {
  std::string known;
  for (const Architecture* const one : architectures()) {
    if (one->info.name == name) return one;
    known.append(" ").append(one->info.name);
  }
  return Error{ErrorCode::kNotFound, "no network has that name; there are:" + known};
}

Result<NetworkShape> shape_for(std::string_view name, std::span<const std::uint64_t> input,
                               std::int64_t outputs) {
  COVEY_ASSIGN_OR_RETURN(const Architecture* const architecture, find_architecture(name));
  NetworkShape shape{{input.begin(), input.end()}, outputs};
  if (has_legal_sizes(shape) && architecture->accepts(shape)) return shape;
  return invalid_argument("network '" + std::string(name) + "' takes " +
                          std::string(architecture->takes) +
                          ", and gives at least one output; these examples are " + text_of(input) +
                          ", with " + std::to_string(outputs) + " outputs");
}

Result<TorchNetwork> make_network(std::string_view name, const NetworkShape& shape) {
  COVEY_ASSIGN_OR_RETURN(const Architecture* const architecture, find_architecture(name));
  NetworkShape legal = architecture->info.shape;
  if (shape != NetworkShape{}) {
    COVEY_ASSIGN_OR_RETURN(legal, shape_for(name, shape.input, shape.outputs));
  }
  return guarded("making the network",
                 [&]() -> Result<TorchNetwork> { return architecture->make(legal); });
}

Result<model::Model> initial_model(std::string_view name, std::uint64_t seed,
                                   const NetworkShape& shape) {
  COVEY_ASSIGN_OR_RETURN(const TorchNetwork network, make_network(name, shape));
  initialise(*network.module, seed);
  return model_of(network);
}

}  // namespace covey::client
