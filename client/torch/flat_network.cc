#include "client/torch/flat_network.h"

#include <algorithm>
#include <cstring>

#include "client/torch/guarded.h"
#include "client/torch/module_state.h"

namespace covey::client {
namespace {

constexpr std::int64_t kAlignment = 16;  // floats: 64 bytes

std::int64_t padded(std::int64_t count) {
  return (count + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Result<FlatNetwork> FlatNetwork::create(TorchNetwork network, const model::RoleOf& role) {
  COVEY_ASSIGN_OR_RETURN(ModuleState state, state_of(network, role));
  FlatNetwork flat(std::move(network), std::move(state.manifest), std::move(state.tensors));
  flat.is_parameter_ = std::move(state.is_parameter);
  flat.flatten();
  return flat;
}

FlatNetwork::FlatNetwork(TorchNetwork network, ring::Manifest manifest,
                         std::vector<torch::Tensor> tensors)
    : network_(std::move(network)), manifest_(std::move(manifest)), tensors_(std::move(tensors)) {}

void FlatNetwork::flatten() {
  const torch::NoGradGuard no_grad;
  std::vector<std::size_t> order;
  std::int64_t length = 0;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (!is_parameter(i)) continue;
    order.push_back(i);
    length += padded(tensors_[i].numel());
  }
  const auto is_trained = [this](std::size_t i) { return !has_role(i, ring::Role::kFrozen); };
  std::stable_partition(order.begin(), order.end(), is_trained);
  parameters_ = torch::zeros({length}, torch::kFloat32);

  std::int64_t offset = 0;
  for (const std::size_t i : order) {
    torch::Tensor& tensor = tensors_[i];
    torch::Tensor view = parameters_.narrow(0, offset, tensor.numel()).view(tensor.sizes());
    view.copy_(tensor);
    tensor.set_data(view);
    tensor.set_requires_grad(is_trained(i));
    if (is_trained(i)) trained_.push_back(tensor);
    offset += padded(tensor.numel());
  }
}

Status FlatNetwork::load(const model::Model& model) { return load_where(model, false); }
Status FlatNetwork::load_local(const model::Model& model) { return load_where(model, true); }

Status FlatNetwork::load_where(const model::Model& model, bool is_local) {
  if (const auto difference = manifest_.first_difference(model.manifest())) {
    return invalid_argument("the model is not the one of this trainer: " + *difference);
  }
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (has_role(i, ring::Role::kLocal) != is_local) continue;
    const ByteView bytes = model.bytes(i);
    if (!bytes.empty()) std::memcpy(tensors_[i].data_ptr(), bytes.data(), bytes.size());
  }
  return {};
}

void FlatNetwork::store(model::Model& model) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const MutableByteView bytes = model.bytes(i);
    if (!bytes.empty()) std::memcpy(bytes.data(), tensors_[i].data_ptr(), bytes.size());
  }
}

std::vector<std::span<float>> FlatNetwork::trained_values() const {
  std::vector<std::span<float>> values;
  for (const torch::Tensor& tensor : trained_) {
    values.emplace_back(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
  }
  return values;
}

Status FlatNetwork::check_views() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (!is_parameter(i) || tensors_[i].is_alias_of(parameters_)) continue;
    return Error{ErrorCode::kFailedPrecondition,
                 "parameter '" + manifest_.tensors()[i].name +
                     "' was replaced after the trainer was made; a module may change its "
                     "parameters' values, but not where they are"};
  }
  return {};
}

}  // namespace covey::client
