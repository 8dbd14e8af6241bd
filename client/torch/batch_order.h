#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "covey/datasets/draws.h"

namespace covey::client {

// Which examples are in which batch, drawn from a seed: every epoch goes through all examples once,
// in an order of its own.
class BatchOrder {
 public:
  // `examples` and `batch_size` are above 0.
  BatchOrder(std::size_t examples, std::size_t batch_size, std::uint64_t seed);

  // A last batch of one example joins the one before it: batch norm cannot train on it.
  std::size_t batches_per_epoch() const { return batches_per_epoch_; }
  // The indices of the next batch; valid until the next call.
  std::span<std::int64_t> next();

 private:
  datasets::Draws draws_;
  std::size_t batch_size_;
  std::size_t batches_per_epoch_;
  std::size_t batch_ = 0;  // in this epoch
  std::vector<std::int64_t> order_;
};

}  // namespace covey::client
