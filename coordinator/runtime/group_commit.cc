#include "coordinator/runtime/group_commit.h"

namespace covey::coordinator {
namespace {

constexpr Milliseconds kDiskRetry{1'000};

}  // namespace

Error GroupCommit::unavailable() {
  return Error{ErrorCode::kUnavailable, "the coordinator cannot work now; try again later"};
}

std::optional<Milliseconds> GroupCommit::settle(Milliseconds now) {
  if (can_write_) {
    core_.tick(now);
    commit(now);
  } else if (now >= retry_at_) {
    commit(now);  // without a tick, which may begin a round
  }
  if (!can_write_) return retry_at_;
  return around_.outbox.is_empty() ? core_.next_tick(now) : now;
}

void GroupCommit::commit(Milliseconds now) {
  const Status committed = core_.commit(now);
  if (committed) {
    if (!can_write_) around_.log.info(around_.unix_now(), "the store can be written again");
    can_write_ = true;
    around_.outbox.flush();
    core_.flushed();
    return;
  }
  if (can_write_) {
    around_.log.error(around_.unix_now(),
                      "the store cannot be written: " + committed.error().message);
    around_.outbox.fail(unavailable());
  }
  // Nothing is begun meanwhile, so that what waits in the outbox is of the tasks' own. What the
  // tasks have to say of it waits until that is durable.
  can_write_ = false;
  retry_at_ = now + kDiskRetry;
  core_.commit_failed(committed.error());
}

}  // namespace covey::coordinator
