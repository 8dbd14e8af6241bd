#pragma once

#include <map>
#include <string>
#include <vector>

#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/coordinator/round_merge.h"
#include "covey/coordinator/store.h"

namespace covey::coordinator {

// The sums of a round's groups, and what they are to change.
struct MergeInput {
  plan::Plan plan;
  Bytes model_file;      // safetensors, of plan.manifest
  Bytes strategy_state;  // empty: its first round
  std::uint64_t round = 0;
  double server_rate_factor = 1;
  std::map<std::string, std::string> metadata;            // of the new file
  std::vector<const secagg::CoordinatorSession*> groups;  // completed; in ascending order
};

struct MergedRound {
  Bytes model_file;
  Bytes strategy_state;
  ring::Counters counters;
  Metrics metrics;  // by name: weighted means over the survivors
};

// `merge_sums` from file to file, with a strategy that has merged nothing yet. Errors as
// `merge_sums`, kDataLoss too for a damaged state: the old model then stays.
Result<MergedRound> merge_files(MergeInput input, merge::Strategy& strategy);

}  // namespace covey::coordinator
