#pragma once

#include <map>
#include <string>

#include "covey/aggregation/secagg/group_context.h"

namespace covey::secagg {

// The last round of each task that this device has entered. A device enters rounds in ascending
// order and each of them once: it is what makes a replayed round recognizable after a restart,
// without a clock. The shell keeps `to_bytes` on disk. Not thread-safe.
class RoundLedger {
 public:
  RoundLedger() = default;
  static Result<RoundLedger> from_bytes(ByteView bytes);  // kDataLoss when damaged
  Bytes to_bytes() const;

  // kAlreadyExists when this round, or a later one, of the task has been entered.
  Status enter(const GroupContext& context);

 private:
  std::map<std::string, std::uint64_t> last_round_;
};

}  // namespace covey::secagg
