#include "client/torch/flat_network.h"

#include <algorithm>
#include <cstring>
#include <optional>

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
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (is_parameter(i)) order.push_back(i);
  }
  const auto is_trained = [this](std::size_t i) {
    return manifest_.tensors()[i].role != ring::Role::kFrozen;
  };
  std::stable_partition(order.begin(), order.end(), is_trained);
  std::int64_t length = 0;
  for (const std::size_t i : order) {
    length += padded(tensors_[i].numel());
    if (is_trained(i)) trained_length_ = static_cast<std::size_t>(length);
  }
  parameters_ = torch::zeros({length}, torch::kFloat32);
  gradients_ = torch::zeros({length}, torch::kFloat32);

  std::int64_t offset = 0;
  for (const std::size_t i : order) {
    torch::Tensor& tensor = tensors_[i];
    const auto view_in = [&](const torch::Tensor& block) {
      return block.narrow(0, offset, tensor.numel()).view(tensor.sizes());
    };
    torch::Tensor view = view_in(parameters_);
    view.copy_(tensor);
    tensor.set_data(view);
    tensor.set_requires_grad(is_trained(i));
    tensor.mutable_grad() = view_in(gradients_);
    offset += padded(tensor.numel());
  }
}

Status FlatNetwork::load(const model::Model& model) {
  if (const auto difference = manifest_.first_difference(model.manifest())) {
    return invalid_argument("the model is not the one of this trainer: " + *difference);
  }
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (manifest_.tensors()[i].role == ring::Role::kLocal) continue;
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

std::span<float> FlatNetwork::floats(const torch::Tensor& block) const {
  return {block.data_ptr<float>(), trained_length_};
}

Status FlatNetwork::check_views() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (!is_parameter(i)) continue;
    const torch::Tensor& tensor = tensors_[i];
    if (tensor.is_alias_of(parameters_) && tensor.grad().defined() &&
        tensor.grad().is_alias_of(gradients_)) {
      continue;
    }
    return Error{ErrorCode::kFailedPrecondition,
                 "parameter '" + manifest_.tensors()[i].name +
                     "' or its gradient was replaced after the trainer was made; a module may "
                     "change its parameters' values, but not where they are"};
  }
  return {};
}

}  // namespace covey::client
