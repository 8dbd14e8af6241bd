#pragma once

#include <csignal>
#include <cstdint>

#include "covey/client/transport.h"

namespace covey::client {

// Where a device of a trial is to halt, to see what becomes of it: before its n-th message (from 1:
// advertisement, shares, chunks, …) in a group, in this round or the first one after it that has
// the device in a group.
struct HaltPoint {
  std::uint64_t round = 0;
  std::uint64_t message = 0;
  int signal = SIGKILL;  // or SIGSTOP: it goes on from here when it is continued
};

// Hands every call on, until the device halts. For demonstrations and tests of what survives.
class HaltingTransport final : public Transport {
 public:
  HaltingTransport(Transport& transport, HaltPoint point) : transport_(transport), point_(point) {}

  Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) override {
    return transport_.check_in(request);
  }
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override {
    return transport_.fetch(blob, offset, sink);
  }
  Result<federation::JoinReply> join(const federation::RoundId& round) override {
    return transport_.join(round);
  }
  Result<federation::SendReply> send(const federation::GroupId& group, ByteView message) override {
    if (group.round.round != counted_) sent_ = 0;
    counted_ = group.round.round;
    if (counted_ >= point_.round && !has_halted_ && ++sent_ == point_.message) {
      has_halted_ = true;
      std::raise(point_.signal);
    }
    return transport_.send(group, message);
  }
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) override {
    return transport_.receive(request);
  }
  Status decline(const federation::RoundId& round, federation::DeclineReason reason) override {
    return transport_.decline(round, reason);
  }
  void cancel() override { transport_.cancel(); }
  void resume() override { transport_.resume(); }

 private:
  Transport& transport_;
  const HaltPoint point_;
  std::uint64_t counted_ = 0;  // the round in which `sent_` were sent
  std::uint64_t sent_ = 0;
  bool has_halted_ = false;
};

}  // namespace covey::client
