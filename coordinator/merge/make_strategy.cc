#include "covey/aggregation/merge/adaptive_server.h"
#include "covey/aggregation/merge/fed_avg.h"
#include "covey/aggregation/merge/server_momentum.h"
#include "covey/coordinator/round_merge.h"

namespace covey::coordinator {
namespace {

template <typename Kind>
Result<std::unique_ptr<merge::Strategy>> owned(Result<Kind> strategy) {
  if (!strategy) return std::move(strategy).error();
  return std::unique_ptr<merge::Strategy>(std::make_unique<Kind>(std::move(*strategy)));
}

Result<std::unique_ptr<merge::Strategy>> make_adaptive(const TaskSpec& spec,
                                                       merge::AdaptiveRule rule) {
  return owned(merge::AdaptiveServer::create(
      rule, {static_cast<float>(spec.server_learning_rate), static_cast<float>(spec.server_beta1),
             static_cast<float>(spec.server_beta2), static_cast<float>(spec.server_epsilon)}));
}

}  // namespace

Result<std::unique_ptr<merge::Strategy>> make_strategy(const TaskSpec& spec) {
  const auto rate = static_cast<float>(spec.server_learning_rate);
  switch (spec.strategy) {
    case StrategyKind::kServerMomentum:
      return owned(merge::ServerMomentum::create(rate, static_cast<float>(spec.server_momentum)));
    case StrategyKind::kFedAdagrad:
      return make_adaptive(spec, merge::AdaptiveRule::kAdagrad);
    case StrategyKind::kFedAdam:
      return make_adaptive(spec, merge::AdaptiveRule::kAdam);
    case StrategyKind::kFedYogi:
      return make_adaptive(spec, merge::AdaptiveRule::kYogi);
    case StrategyKind::kFedAvg:
    case StrategyKind::kFedSgd:
      break;
  }
  return owned(merge::FedAvg::create(rate));
}

}  // namespace covey::coordinator
