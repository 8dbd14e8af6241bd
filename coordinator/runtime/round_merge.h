#pragma once

#include <vector>

#include "covey/aggregation/merge/strategy.h"
#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/ring/decoder.h"
#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/coordinator/store.h"
#include "covey/coordinator/task_file.h"

namespace covey::coordinator {

Result<std::unique_ptr<merge::Strategy>> make_strategy(const TaskSpec& spec);

// The sums of a round's groups, and what they are to change.
struct MergeInput {
  plan::Plan plan;
  Bytes model_file;      // safetensors, of plan.manifest
  Bytes strategy_state;  // empty: its first round
  std::uint64_t round = 0;
  std::map<std::string, std::string> metadata;            // of the new file
  std::vector<const secagg::CoordinatorSession*> groups;  // completed; in ascending order
};

struct MergedRound {
  Bytes model_file;
  Bytes strategy_state;
  ring::Counters counters;
  Metrics metrics;  // by name: weighted means over the survivors
};

// Turns the sums of the groups into the next model: decodes each, adds them in the order of the
// groups, and lets the strategy move the model. The same input gives the same bytes. kDataLoss when
// a sum cannot be one of its survivors, kFailedPrecondition when no device had any examples,
// kOutOfRange when the new model would not be finite: the old one then stays.
Result<MergedRound> merge_round(MergeInput input, merge::Strategy& strategy);

}  // namespace covey::coordinator
