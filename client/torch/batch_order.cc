#include "client/torch/batch_order.h"

#include <numeric>

namespace covey::client {

BatchOrder::BatchOrder(std::size_t examples, std::size_t batch_size, std::uint64_t seed)
    : draws_(seed), batch_size_(batch_size), order_(examples) {
  const bool joins = batch_size > 1 && examples > batch_size && examples % batch_size == 1;
  batches_per_epoch_ = (examples + batch_size - 1) / batch_size - (joins ? 1 : 0);
  std::iota(order_.begin(), order_.end(), std::int64_t{0});
}

std::span<std::int64_t> BatchOrder::next() {
  if (batch_ == 0) draws_.shuffle(std::span(order_));
  const auto rest = std::span(order_).subspan(batch_ * batch_size_);
  batch_ = (batch_ + 1) % batches_per_epoch_;
  return batch_ == 0 ? rest : rest.first(batch_size_);
}

}  // namespace covey::client
