#pragma once

#include "covey/aggregation/federation/messages.h"
#include "covey/base/result.h"
#include "covey/v1/federation.pb.h"

// A device's requests, to the wire; and the coordinator's answers, from it. The coordinator may
// lie: an answer is checked whole, and fails with kDataLoss and words of ours.
namespace covey::client::reply_wire {

void to_wire(const federation::CheckInRequest& request, v1::CheckInRequest& out);
void to_wire(const federation::RoundId& round, v1::RoundId& out);
void to_wire(const federation::GroupId& group, v1::GroupId& out);
void to_wire(const federation::ReceiveRequest& request, v1::ReceiveRequest& out);

// `task`: the one that was asked for, or empty.
Result<federation::CheckInReply> from_wire(const v1::CheckInReply& reply, const std::string& task);
Result<federation::JoinReply> from_wire(const v1::JoinReply& reply);
Result<federation::SendReply> from_wire(const v1::SendReply& reply);

// The part is what its digest says and is not larger than a part may be.
Status check_part(const v1::BlobPart& part);

// Puts a message together from its parts. One for each call of Receive; `add` each part in order,
// then `finish`.
class ReceivedReply {
 public:
  explicit ReceivedReply(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}
  // Memory is taken for what has come, never for what a part says is to come.
  Status add(const v1::ReceivePart& part);
  Result<federation::ReceiveReply> finish();

 private:
  Status add_message_part(const v1::MessagePart& part);

  std::size_t max_message_bytes_;
  std::optional<federation::ReceiveReply> reply_;
  std::uint64_t size_bytes_ = 0;  // of the message, as its first part says
};

}  // namespace covey::client::reply_wire
