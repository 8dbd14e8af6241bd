#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "covey/aggregation/model/model.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"

namespace covey::simulation {

// The tensors of role kLocal (FedBN), which every device keeps for itself: of each device that has
// trained, as long as the federation lives. The one thing that grows with the number of devices,
// and only where a task has such tensors. Thread-safe.
class LocalTensors {
 public:
  explicit LocalTensors(const ring::Manifest& manifest);

  bool is_needed() const { return !local_.empty(); }
  // Puts the device's own tensors into `model`, where it has some yet.
  void load(std::size_t device, model::Model& model);
  using Own = std::vector<Bytes>;
  Own of(const model::Model& model) const;
  void store(std::size_t device, Own own);

  void save(ByteWriter& out) const;
  // Fails `in` where a tensor is not as large as the manifest says.
  void restore(ByteReader& in);

 private:
  std::vector<std::size_t> local_;  // indices of tensors
  std::vector<std::size_t> sizes_;  // of them, in bytes
  mutable std::mutex mutex_;
  std::map<std::size_t, Own> of_device_;
};

}  // namespace covey::simulation
