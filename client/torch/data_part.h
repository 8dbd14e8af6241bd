#pragma once

#include <span>
#include <string>
#include <vector>

#include "covey/client/torch/torch_trainer.h"

namespace covey::client {

struct Batch {
  torch::Tensor features;
  torch::Tensor targets;
};

// The training or the held-out part of a device's data: examples, or rows of examples that others
// have rows of too. It is never written to. May throw what LibTorch throws.
class DataPart {
 public:
  DataPart() = default;  // no examples
  // `rows`: undefined for all. kInvalidArgument, with the part's `name`, when features and targets
  // do not count the same examples, or `rows` are not int64 of one dimension.
  static Result<DataPart> create(const std::string& name, torch::Tensor features,
                                 torch::Tensor targets, torch::Tensor rows);

  std::int64_t size() const;
  const torch::Tensor& targets() const { return targets_; }  // those of others included

  // The examples at `positions`, all below size(). In memory that the next call writes again.
  Batch at(std::span<const std::int64_t> positions);
  // `count` of them from `first` on.
  Batch range(std::int64_t first, std::int64_t count);

 private:
  DataPart(torch::Tensor features, torch::Tensor targets, torch::Tensor rows);
  Batch select(const torch::Tensor& indices);

  torch::Tensor features_;
  torch::Tensor targets_;
  torch::Tensor rows_;
  Batch batch_;  // as large as the largest so far
  std::vector<std::int64_t> indices_;
};

}  // namespace covey::client
