#include "client/torch/module_state.h"

#include <cstring>
#include <optional>
#include <unordered_set>

#include "client/torch/guarded.h"

namespace covey::client {
namespace {

std::optional<ring::DType> dtype_of(torch::ScalarType type) {
  switch (type) {
    case torch::kBool:
      return ring::DType::kBool;
    case torch::kUInt8:
      return ring::DType::kU8;
    case torch::kInt8:
      return ring::DType::kI8;
    case torch::kInt16:
      return ring::DType::kI16;
    case torch::kInt32:
      return ring::DType::kI32;
    case torch::kInt64:
      return ring::DType::kI64;
    case torch::kFloat16:
      return ring::DType::kF16;
    case torch::kBFloat16:
      return ring::DType::kBf16;
    case torch::kFloat32:
      return ring::DType::kF32;
    case torch::kFloat64:
      return ring::DType::kF64;
    default:
      return std::nullopt;
  }
}

class Collector {
 public:
  explicit Collector(const model::RoleOf& role) : role_(role) {}

  Status add_module(const std::string& prefix, const torch::nn::Module& module) {
    for (const auto& item : module.named_parameters(false)) {
      COVEY_RETURN_IF_ERROR(add(prefix + item.key(), item.value(), true));
    }
    for (const auto& item : module.named_buffers(false)) {
      COVEY_RETURN_IF_ERROR(add(prefix + item.key(), item.value(), false));
    }
    for (const auto& child : module.named_children()) {
      COVEY_RETURN_IF_ERROR(add_module(prefix + child.key() + ".", *child.value()));
    }
    return {};
  }

  Result<ModuleState> take() && {
    COVEY_ASSIGN_OR_RETURN(ring::Manifest manifest, ring::Manifest::create(std::move(described_)));
    return ModuleState{std::move(manifest), std::move(tensors_), std::move(is_parameter_)};
  }

 private:
  Status add(const std::string& name, torch::Tensor tensor, bool is_parameter) {
    if (!tensor.defined()) return {};  // an optional part that the module goes without
    const auto dtype = dtype_of(tensor.scalar_type());
    if (!tensor.device().is_cpu() || !dtype ||
        (is_parameter && tensor.scalar_type() != torch::kFloat32)) {
      return invalid_argument("tensor '" + name + "' is " + tensor.toString() +
                              "; parameters must be float32, buffers of a plain type, and both on "
                              "the CPU");
    }
    if (!seen_.insert(tensor.unsafeGetTensorImpl()).second) {
      return invalid_argument("tensor '" + name +
                              "' is also part of the network under another name; shared tensors "
                              "cannot be aggregated, so register it once");
    }
    if (!tensor.is_contiguous()) {
      const torch::NoGradGuard no_grad;
      tensor.set_data(tensor.contiguous());
    }
    const bool is_frozen = is_parameter && !tensor.requires_grad();
    const ring::Role role = role_       ? role_(name, *dtype)
                            : is_frozen ? ring::Role::kFrozen
                                        : model::default_role(name, *dtype);
    described_.push_back({name, *dtype, {tensor.sizes().begin(), tensor.sizes().end()}, role});
    tensors_.push_back(std::move(tensor));
    is_parameter_.push_back(is_parameter);
    return {};
  }

  const model::RoleOf& role_;
  std::vector<ring::Tensor> described_;
  std::vector<torch::Tensor> tensors_;
  std::vector<bool> is_parameter_;
  std::unordered_set<const void*> seen_;
};

}  // namespace

Result<ModuleState> state_of(const TorchNetwork& network, const model::RoleOf& role) {
  if (network.module == nullptr || network.forward == nullptr) {
    return invalid_argument("a TorchNetwork needs a module and its forward: see network_of");
  }
  Collector collector(role);
  COVEY_RETURN_IF_ERROR(collector.add_module("", *network.module));
  return std::move(collector).take();
}

Result<model::Model> model_of(const TorchNetwork& network, const model::RoleOf& role) {
  return guarded("reading the network", [&]() -> Result<model::Model> {
    COVEY_ASSIGN_OR_RETURN(ModuleState state, state_of(network, role));
    model::Model model = model::Model::zeros(std::move(state.manifest));
    for (std::size_t i = 0; i < state.tensors.size(); ++i) {
      const MutableByteView bytes = model.bytes(i);
      if (!bytes.empty()) std::memcpy(bytes.data(), state.tensors[i].data_ptr(), bytes.size());
    }
    return model;
  });
}

}  // namespace covey::client
