#pragma once

#include "covey/client/transport.h"

// Stands where an app's own network stack goes: six calls, and a way to cancel them. This one plays
// the coordinator itself: it hands out one round of one task, and ends it when the device joins,
// since a group of one would hide nobody. Everything before that is what a device really does.
//
// One that talks to a coordinator carries each request over the app's network and returns the
// reply, or kUnavailable; cancel() makes a call under way return kCancelled at once.
class LoopbackTransport final : public covey::client::Transport {
 public:
  LoopbackTransport(std::string task, covey::Bytes plan, covey::Bytes model);

  covey::Result<covey::federation::CheckInReply> check_in(
      const covey::federation::CheckInRequest& request) override;
  covey::Status fetch(const covey::Digest& blob, std::uint64_t offset,
                      const std::function<covey::Status(covey::ByteView)>& sink) override;
  covey::Result<covey::federation::JoinReply> join(
      const covey::federation::RoundId& round) override;
  covey::Result<covey::federation::SendReply> send(const covey::federation::GroupId& group,
                                                   covey::ByteView message) override;
  covey::Result<covey::federation::ReceiveReply> receive(
      const covey::federation::ReceiveRequest& request) override;
  covey::Status decline(const covey::federation::RoundId& round,
                        covey::federation::DeclineReason reason) override;
  void cancel() override {}  // no call of this one takes long
  void resume() override {}

 private:
  std::string task_;
  std::uint64_t round_;  // grows from run to run: a device enters no round twice
  covey::Bytes plan_;
  covey::Bytes model_;
  bool is_assigned_ = false;
};
