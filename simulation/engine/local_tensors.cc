#include "simulation/engine/local_tensors.h"

#include <algorithm>

namespace covey::simulation {

LocalTensors::LocalTensors(const ring::Manifest& manifest) {
  for (std::size_t i = 0; i < manifest.tensors().size(); ++i) {
    if (manifest.tensors()[i].role == ring::Role::kLocal) local_.push_back(i);
  }
}

void LocalTensors::load(std::size_t device, model::Model& model) {
  const std::lock_guard lock(mutex_);
  const auto found = of_device_.find(device);
  if (found == of_device_.end()) return;
  for (std::size_t i = 0; i < local_.size(); ++i) {
    std::ranges::copy(found->second[i], model.bytes(local_[i]).begin());
  }
}

void LocalTensors::store(std::size_t device, const model::Model& model) {
  std::vector<Bytes> tensors;
  for (const std::size_t tensor : local_) tensors.push_back(to_bytes(model.bytes(tensor)));
  const std::lock_guard lock(mutex_);
  of_device_[device] = std::move(tensors);
}

void LocalTensors::save(ByteWriter& out) const {
  const std::lock_guard lock(mutex_);
  out.u64(of_device_.size());
  for (const auto& [device, tensors] : of_device_) {
    out.u64(device);
    for (const Bytes& tensor : tensors) out.sized(tensor);
  }
}

void LocalTensors::restore(ByteReader& in) {
  const std::lock_guard lock(mutex_);
  of_device_.clear();
  const std::uint64_t devices = in.u64();
  for (std::uint64_t i = 0; i < devices && in.ok(); ++i) {
    std::vector<Bytes>& tensors = of_device_[in.u64()];
    for (std::size_t j = 0; j < local_.size(); ++j) tensors.push_back(to_bytes(in.sized()));
  }
}

}  // namespace covey::simulation
