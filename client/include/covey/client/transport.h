#pragma once

#include <functional>

#include "covey/aggregation/federation/messages.h"
#include "covey/base/result.h"

namespace covey::client {

// A device's calls to its coordinator. Blocking, from one thread at a time, but for `cancel`. Every
// call may be repeated. kUnavailable and kDeadlineExceeded are worth another try after a pause;
// kUnauthenticated, kPermissionDenied and kUnimplemented (a version that is too old) are not before
// something is changed.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) = 0;
  // Gives the blob from `offset` on to `sink`, part by part, each checked against its own digest.
  // After an error the caller has what `sink` got, and asks again from there. An error of `sink`
  // ends the call with it.
  virtual Status fetch(const Digest& blob, std::uint64_t offset,
                       const std::function<Status(ByteView)>& sink) = 0;
  virtual Result<federation::JoinReply> join(const federation::RoundId& round) = 0;
  virtual Result<federation::SendReply> send(const federation::GroupId& group,
                                             ByteView message) = 0;
  virtual Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) = 0;
  virtual Status decline(const federation::RoundId& round, federation::DeclineReason reason) = 0;

  // Thread-safe. The call under way, and every later one until `resume`, ends with kCancelled, at
  // once.
  virtual void cancel() = 0;
  virtual void resume() = 0;
};

}  // namespace covey::client
