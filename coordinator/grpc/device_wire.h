#pragma once

#include "covey/aggregation/federation/messages.h"
#include "covey/base/result.h"
#include "covey/v1/federation.pb.h"

// What devices ask, from the wire, checked whole; and the answers, to it. A request is refused with
// kInvalidArgument, which tells lengths and never contents.
namespace covey::coordinator::device_wire {

// Protobuf prints a line of its own for each request whose text is no UTF-8, which any device can
// send as often as it likes: from now on it prints nothing, in the whole process.
void keep_protobuf_silent();

Result<federation::CheckInRequest> from_wire(const v1::CheckInRequest& request);
Result<federation::RoundId> from_wire(const v1::RoundId& round);
Result<federation::GroupId> from_wire(const v1::GroupId& group);
Result<federation::ReceiveRequest> from_wire(const v1::ReceiveRequest& request);
Result<Digest> blob_from(const v1::FetchRequest& request);
Result<Bytes> message_from(const v1::SendRequest& request);
Result<federation::DeclineReason> reason_from(const v1::DeclineRequest& request);

void to_wire(const federation::CheckInReply& reply, v1::CheckInReply& out);
void to_wire(const federation::JoinReply& reply, v1::JoinReply& out);
void to_wire(const federation::SendReply& reply, v1::SendReply& out);
void to_wire(const federation::ComeBack& come_back, v1::ComeBack& out);
void to_wire(const federation::RoundOver& over, v1::RoundOver& out);

}  // namespace covey::coordinator::device_wire
