#include "simulation/engine/local_tensors.h"

#include <algorithm>

namespace covey::simulation {

LocalTensors::LocalTensors(const ring::Manifest& manifest) {
  for (std::size_t i = 0; i < manifest.tensors().size(); ++i) {
    if (manifest.tensors()[i].role != ring::Role::kLocal) continue;
    local_.push_back(i);
    sizes_.push_back(manifest.element_count(i) * ring::size_bytes(manifest.tensors()[i].dtype));
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

LocalTensors::Own LocalTensors::of(const model::Model& model) const {
  Own own;
  for (const std::size_t tensor : local_) own.push_back(to_bytes(model.bytes(tensor)));
  return own;
}

void LocalTensors::store(std::size_t device, Own own) {
  const std::lock_guard lock(mutex_);
  of_device_[device] = std::move(own);
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
    Own& own = of_device_[in.u64()];
    own.clear();
    for (std::size_t j = 0; j < local_.size(); ++j) {
      own.push_back(to_bytes(in.sized()));
      if (own.back().size() != sizes_[j]) in.fail();
    }
  }
}

}  // namespace covey::simulation
