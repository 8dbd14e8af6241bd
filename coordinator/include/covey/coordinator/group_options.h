#pragma once

#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/secagg/coordinator_session.h"

namespace covey::coordinator {

// What the session of a group of `members` devices is made with, in the daemon and in simulations:
// the plan's promises to its devices. The verifier is still to be set.
secagg::CoordinatorOptions group_options(const plan::Plan& plan, secagg::GroupContext context,
                                         std::size_t members);

}  // namespace covey::coordinator
