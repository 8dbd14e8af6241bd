#include "covey/aggregation/secagg/group_context.h"

#include "covey/crypto/transcript.h"

namespace covey::secagg {

Status GroupContext::validate() const {
  if (task.empty() || task.size() > kMaxTaskNameBytes) {
    return invalid_argument("a task's name has 1 to " + std::to_string(kMaxTaskNameBytes) +
                            " bytes, not " + std::to_string(task.size()));
  }
  if (shape.length == 0 && shape.counters == 0) {
    return invalid_argument("there is nothing to sum: the shape has no elements and no counters");
  }
  return ring::validate(shape);
}

Digest GroupContext::digest() const {
  return crypto::Transcript("covey/v1/context")
      .number(kProtocolVersion)
      .field(task)
      .number(round)
      .number(group)
      .field(plan)
      .field(model)
      .number(shape.bits)
      .number(shape.length)
      .number(shape.counters)
      .digest();
}

}  // namespace covey::secagg
