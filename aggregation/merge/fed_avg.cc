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
  Array global = array_of(model);
  // Lazy: evaluated once to see that it is finite, once to store it, without a second model in
  // memory.
  const auto mean = array_of(update.weighted_differences) / static_cast<float>(update.weight);
  const auto next = global + rate_of(rate_, update) * mean;
  if (!next.isFinite().all()) return not_finite();
  global = next;
  return {};
}

Bytes FedAvg::save_state() const { return seal_state(name(), {}); }

Status FedAvg::restore_state(ByteView state) {
  COVEY_ASSIGN_OR_RETURN(const std::vector<float> values, open_state(name(), state));
  if (!values.empty()) return Error{ErrorCode::kDataLoss, "the saved state of fedavg is not empty"};
  return {};
}

}  // namespace covey::merge
