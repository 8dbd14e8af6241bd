#include <algorithm>
#include <optional>
#include <vector>

#include "covey/aggregation/ring/decoder.h"
#include "covey/aggregation/ring/flat_model.h"
#include "covey/coordinator/round_merge.h"

namespace covey::coordinator {
namespace {

void add(const ring::Counters& counters, ring::Counters& sum) {
  sum.devices += counters.devices;
  sum.weight += counters.weight;
  sum.capped_weights += counters.capped_weights;
  sum.clipped_devices += counters.clipped_devices;
  sum.clipped_coordinates += counters.clipped_coordinates;
  sum.saturated_metrics += counters.saturated_metrics;
  for (std::size_t i = 0; i < counters.weighted_metrics.size(); ++i) {
    // Unsigned: several groups of devices that lie may leave 64 bits, each of them within its own.
    const auto metric = static_cast<std::uint64_t>(sum.weighted_metrics[i]);
    sum.weighted_metrics[i] = static_cast<std::int64_t>(
        metric + static_cast<std::uint64_t>(counters.weighted_metrics[i]));
  }
}

Result<ring::DecodedSum> decode_groups(const RoundSums& sums) {
  COVEY_ASSIGN_OR_RETURN(const auto codec, sums.plan.codec_parameters());
  std::optional<ring::DecodedSum> total;
  for (const GroupSum& group : sums.groups) {
    COVEY_ASSIGN_OR_RETURN(auto decoded, ring::decode_sum(codec, *group.sum, group.survivors));
    if (!total) {
      total = std::move(decoded);
      continue;
    }
    add(decoded.counters, total->counters);
    for (std::size_t i = 0; i < total->weighted_differences.size(); ++i) {
      total->weighted_differences[i] += decoded.weighted_differences[i];
    }
  }
  if (!total || total->counters.weight == 0) {
    return Error{ErrorCode::kFailedPrecondition, "no device in the sum had any examples"};
  }
  return std::move(*total);
}

// Whether the model may refuse what the strategy has accepted: a dtype with a smaller range than
// float32, or values that are not the strategy's.
bool may_refuse(const ring::Manifest& manifest, const MergeHook& hook) {
  if (hook) return true;
  return std::ranges::any_of(manifest.slices(), [&](const ring::Slice& slice) {
    return manifest.tensors()[slice.tensor].dtype != ring::DType::kF32;
  });
}

}  // namespace

Result<MergedSums> merge_sums(const RoundSums& sums, merge::Strategy& strategy, model::Model& model,
                              const MergeHook& hook) {
  const ring::Manifest& manifest = sums.plan.manifest;
  std::vector<float> flat(manifest.flat_length());
  COVEY_RETURN_IF_ERROR(ring::load_flat(manifest, model.views(), flat));
  COVEY_ASSIGN_OR_RETURN(ring::DecodedSum sum, decode_groups(sums));
  std::vector<float> before;
  if (hook) before = flat;
  std::optional<Bytes> state;
  if (may_refuse(manifest, hook)) state = strategy.save_state();
  COVEY_RETURN_IF_ERROR(
      strategy.merge({sum.weighted_differences, sum.counters.weight, sums.round,
                      sums.server_rate_factor, static_cast<std::size_t>(manifest.buffer_length())},
                     flat));
  if (hook) hook(sum.counters, before, flat);
  const Status stored = ring::store_flat(manifest, flat, model.mutable_views());
  if (!stored) {
    if (state) COVEY_RETURN_IF_ERROR(strategy.restore_state(*state));
    return stored.error();
  }
  MergedSums merged{std::move(sum.counters), {}};
  for (std::size_t i = 0; i < sums.plan.metrics.size(); ++i) {
    const auto mean = merged.counters.metric_mean(i);
    if (mean) merged.metrics[sums.plan.metrics[i]] = *mean;
  }
  return merged;
}

}  // namespace covey::coordinator
