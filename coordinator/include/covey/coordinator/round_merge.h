#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "covey/aggregation/merge/strategy.h"
#include "covey/aggregation/model/model.h"
#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/ring/counters.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/coordinator/task_file.h"

namespace covey::coordinator {

// The strategy of a task, as before its first round. One object goes through all rounds: the server
// rate of each reaches it with the round's sums.
Result<std::unique_ptr<merge::Strategy>> make_strategy(const TaskSpec& spec);

// What a group ended with.
struct GroupSum {
  const ring::RingVector* sum = nullptr;
  std::uint64_t survivors = 0;
};

// The sums of a round, for the length of a call.
struct RoundSums {
  const plan::Plan& plan;
  std::span<const GroupSum> groups;  // completed ones, in ascending order
  std::uint64_t round = 0;
  double server_rate_factor = 1;  // TaskSpec::server_rate_factor_at(round)
};

struct MergedSums {
  ring::Counters counters;
  std::map<std::string, double> metrics;  // by name: weighted means over the survivors
};

// Looks at the model before and after the strategy moved it, as flat vectors of the plan's
// manifest, and may change `after`. For simulations.
using MergeHook = std::function<void(const ring::Counters& counters, std::span<const float> before,
                                     std::span<float> after)>;

// Turns the sums of the groups into the next model, in place: decodes each, adds them in the order
// of the groups, and lets the strategy move the model. The same input gives the same bits. On an
// error the model and the strategy are as they were: kDataLoss when a sum cannot be one of its
// survivors, kFailedPrecondition when no device had any examples, kOutOfRange when the new model
// would not be finite, kInvalidArgument when the model is not the plan's.
Result<MergedSums> merge_sums(const RoundSums& sums, merge::Strategy& strategy, model::Model& model,
                              const MergeHook& hook = {});

}  // namespace covey::coordinator
