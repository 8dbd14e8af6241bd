#include "coordinator/runtime/file_merge.h"

#include "covey/aggregation/model/safetensors.h"

namespace covey::coordinator {

Result<MergedRound> merge_files(MergeInput input, merge::Strategy& strategy) {
  COVEY_ASSIGN_OR_RETURN(model::Model model,
                         model::read_model(input.model_file, input.plan.manifest));
  input.model_file = Bytes();
  if (!input.strategy_state.empty()) {
    COVEY_RETURN_IF_ERROR(strategy.restore_state(input.strategy_state));
  }
  std::vector<GroupSum> groups;
  for (const secagg::CoordinatorSession* group : input.groups) {
    groups.push_back({&group->sum(), group->survivors().size()});
  }
  COVEY_ASSIGN_OR_RETURN(
      MergedSums sums,
      merge_sums({input.plan, groups, input.round, input.server_rate_factor}, strategy, model));
  return MergedRound{model::write_model(model, input.metadata), strategy.save_state(),
                     std::move(sums.counters), std::move(sums.metrics)};
}

}  // namespace covey::coordinator
