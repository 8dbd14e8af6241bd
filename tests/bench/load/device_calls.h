#pragma once

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <mutex>

#include "bench/load/lane.h"
#include "bench/load/load_federation.h"
#include "covey/aggregation/federation/messages.h"

namespace covey::bench {

// The calls of one device over a connection of its own, as client::GrpcTransport makes them, but
// without a thread that waits: thousands of devices share a lane's. One at a time is under way.
class DeviceCalls {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;  // on the lane's thread

  // `identity` is used here only. Does not connect.
  static Result<std::unique_ptr<DeviceCalls>> create(const LoadFederation& federation,
                                                     const DeviceIdentity& identity, Lane& lane);
  ~DeviceCalls();

  void check_in(const federation::CheckInRequest& request, Done<federation::CheckInReply> done);
  void fetch(const federation::BlobId& blob, Done<Bytes> done);
  void join(const federation::RoundId& round, Done<federation::JoinReply> done);
  void send(const federation::GroupId& group, ByteView message, Done<federation::SendReply> done);
  void receive(const federation::ReceiveRequest& request, Done<federation::ReceiveReply> done);
  void decline(const federation::RoundId& round, federation::DeclineReason reason,
               Done<std::monostate> done);
  void wait(federation::Milliseconds pause, std::function<void()> done);

  // From any thread. What is under way ends at once with its `done`, and nothing begins after it:
  // then no `done` is called any more.
  void stop();
  bool is_idle() const;  // from any thread: stopped, and nothing is under way

 private:
  struct State;
  explicit DeviceCalls(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace covey::bench
