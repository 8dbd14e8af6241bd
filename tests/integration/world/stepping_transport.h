#pragma once

#include <optional>
#include <string>

#include "covey/client/transport.h"

namespace covey::testing {

// Stops its process with SIGSTOP before every call, and says in the log which one comes: a test
// reads that, does to the network what it wants, and lets the process go on. A call has a name that
// is the same when it is repeated, and in every round: "check-in", "fetch 1" (the plan), "fetch 2"
// (the model), "join", "send 3", "receive 2" (the wait for the second message of a group).
class SteppingTransport final : public client::Transport {
 public:
  static constexpr const char* kMark = "before ";  // begins the line in the log

  explicit SteppingTransport(client::Transport& transport) : transport_(transport) {}

  Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) override;
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override;
  Result<federation::JoinReply> join(const federation::RoundId& round) override;
  Result<federation::SendReply> send(const federation::GroupId& group, ByteView message) override;
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) override;
  Status decline(const federation::RoundId& round, federation::DeclineReason reason) override;
  void cancel() override { transport_.cancel(); }
  void resume() override { transport_.resume(); }

 private:
  // Which of the different things that are asked for or sent in a round this one is.
  class Counter {
   public:
    std::string numbered(const std::string& name, const Bytes& thing) {
      if (last_ != thing) ++count_;
      last_ = thing;
      return name + " " + std::to_string(count_);
    }

   private:
    std::optional<Bytes> last_;
    std::size_t count_ = 0;
  };

  static void stop(const std::string& call);

  client::Transport& transport_;
  Counter fetched_;
  Counter sent_;
  Counter received_;
};

}  // namespace covey::testing
