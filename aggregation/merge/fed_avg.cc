#include "covey/aggregation/merge/fed_avg.h"

#include <vector>

#include "merge_support.h"

namespace covey::merge {

Result<FedAvg> FedAvg::create(float server_learning_rate) {
  COVEY_RETURN_IF_ERROR(check_rate(server_learning_rate));
  return FedAvg(server_learning_rate);
}

Status FedAvg::merge(const WeightedUpdate& update, std::span<float> model) {
  COVEY_RETURN_IF_ERROR(check_lengths(update, model.size()));
  if (update.weight == 0) return {};
  const std::size_t trained = model.size() - update.buffers;
  Array global = array_of(model.first(trained));
  Array buffers = array_of(model.subspan(trained));
  // Lazy: evaluated once to see that it is finite, once to store it, without a second model in
  // memory.
  const auto weight = static_cast<float>(update.weight);
  const auto mean = array_of(update.weighted_differences.first(trained)) / weight;
  const auto buffer_mean = array_of(update.weighted_differences.subspan(trained)) / weight;
  const auto next = global + rate_of(rate_, update) * mean;
  const auto next_buffers = buffers + buffer_mean;
  if (!next.isFinite().all() || !next_buffers.isFinite().all()) return not_finite();
  global = next;
  buffers = next_buffers;
  return {};
}

Bytes FedAvg::save_state() const { return seal_state(name(), {}); }

Status FedAvg::restore_state(ByteView state) {
  COVEY_ASSIGN_OR_RETURN(const std::vector<float> values, open_state(name(), state));
  if (!values.empty()) return Error{ErrorCode::kDataLoss, "the saved state of fedavg is not empty"};
  return {};
}

}  // namespace covey::merge
