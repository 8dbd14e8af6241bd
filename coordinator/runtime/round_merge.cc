#include "coordinator/runtime/round_merge.h"

#include "covey/aggregation/merge/fed_avg.h"
#include "covey/aggregation/merge/server_momentum.h"
#include "covey/aggregation/model/safetensors.h"

namespace covey::coordinator {
namespace {

void add(const ring::Counters& counters, ring::Counters& sum) {
  sum.devices += counters.devices;
  sum.weight += counters.weight;
  sum.capped_weights += counters.capped_weights;
  sum.clipped_devices += counters.clipped_devices;
  sum.clipped_coordinates += counters.clipped_coordinates;
  sum.saturated_metrics += counters.saturated_metrics;
  sum.weighted_metrics.resize(counters.weighted_metrics.size());
  for (std::size_t i = 0; i < counters.weighted_metrics.size(); ++i) {
    sum.weighted_metrics[i] += counters.weighted_metrics[i];
  }
}

Result<ring::DecodedSum> decode_groups(const MergeInput& input) {
  COVEY_ASSIGN_OR_RETURN(const auto codec, input.plan.codec_parameters());
  ring::DecodedSum total;
  for (const secagg::CoordinatorSession* group : input.groups) {
    COVEY_ASSIGN_OR_RETURN(auto decoded,
                           ring::decode_sum(codec, group->sum(), group->survivors().size()));
    add(decoded.counters, total.counters);
    if (total.weighted_differences.empty()) {
      total.weighted_differences = std::move(decoded.weighted_differences);
      continue;
    }
    for (std::size_t i = 0; i < total.weighted_differences.size(); ++i) {
      total.weighted_differences[i] += decoded.weighted_differences[i];
    }
  }
  return total;
}

}  // namespace

Result<std::unique_ptr<merge::Strategy>> make_strategy(const TaskSpec& spec) {
  const auto rate = static_cast<float>(spec.server_learning_rate);
  if (spec.strategy == StrategyKind::kServerMomentum) {
    COVEY_ASSIGN_OR_RETURN(auto momentum, merge::ServerMomentum::create(
                                              rate, static_cast<float>(spec.server_momentum)));
    return std::unique_ptr<merge::Strategy>(
        std::make_unique<merge::ServerMomentum>(std::move(momentum)));
  }
  COVEY_ASSIGN_OR_RETURN(auto average, merge::FedAvg::create(rate));
  return std::unique_ptr<merge::Strategy>(std::make_unique<merge::FedAvg>(std::move(average)));
}

Result<MergedRound> merge_round(MergeInput input, merge::Strategy& strategy) {
  COVEY_ASSIGN_OR_RETURN(ring::DecodedSum sum, decode_groups(input));
  MergedRound merged;
  merged.counters = sum.counters;
  if (sum.counters.weight == 0) {
    return Error{ErrorCode::kFailedPrecondition, "no device in the sum had any examples"};
  }
  for (std::size_t i = 0; i < input.plan.metrics.size(); ++i) {
    if (const auto mean = sum.counters.metric_mean(i))
      merged.metrics[input.plan.metrics[i]] = *mean;
  }
  COVEY_ASSIGN_OR_RETURN(model::Model model,
                         model::read_model(input.model_file, input.plan.manifest));
  input.model_file = Bytes();
  if (!input.strategy_state.empty()) {
    COVEY_RETURN_IF_ERROR(strategy.restore_state(input.strategy_state));
  }
  std::vector<float> flat(input.plan.manifest.flat_length());
  COVEY_RETURN_IF_ERROR(ring::load_flat(input.plan.manifest, model.views(), flat));
  COVEY_RETURN_IF_ERROR(
      strategy.merge({sum.weighted_differences, sum.counters.weight, input.round}, flat));
  COVEY_RETURN_IF_ERROR(ring::store_flat(input.plan.manifest, flat, model.mutable_views()));
  merged.model_file = model::write_model(model, input.metadata);
  merged.strategy_state = strategy.save_state();
  return merged;
}

}  // namespace covey::coordinator
