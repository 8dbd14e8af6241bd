#pragma once

#include "coordinator/runtime/federation_core.h"

namespace covey::coordinator {

// What follows each batch of events: all that it changed is made durable in one transaction, then
// the answers leave and the work that is ready starts. A commit that fails ends the open rounds by
// name and answers "not now"; it is tried again every second, and nothing is begun before it
// succeeds. Lives on the loop's thread.
class GroupCommit {
 public:
  // Both must outlive it.
  GroupCommit(Surroundings& surroundings, FederationCore& core)
      : around_(surroundings), core_(core) {}

  // Returns when it is to be called again, unless something happens before.
  std::optional<Milliseconds> settle(Milliseconds now);
  bool can_write() const { return can_write_; }

  static Error unavailable();  // what is answered while nothing can be written

 private:
  void commit(Milliseconds now);

  Surroundings& around_;
  FederationCore& core_;
  bool can_write_ = true;
  Milliseconds retry_at_{0};
};

}  // namespace covey::coordinator
