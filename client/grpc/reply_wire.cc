#include "client/grpc/reply_wire.h"

#include <algorithm>

#include "covey/crypto/digest.h"

namespace covey::client::reply_wire {
namespace {

using federation::kPartBytes;

constexpr std::size_t kMaxNameBytes = 128;  // of a task, or of a reason
// Asking earlier than one was told to harms nobody, and no device is sent away for good.
constexpr std::uint64_t kLongestComeBackMs = std::uint64_t{7} * 24 * 3600 * 1000;

Error broken(const std::string& expected) {
  return {ErrorCode::kDataLoss, "the coordinator's answer makes no sense: expected " + expected};
}

Error other_version() { return broken("an answer of a kind that this version knows"); }

bool is_name(const std::string& text) {
  return text.size() <= kMaxNameBytes &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

Result<Digest> digest_from(const std::string& bytes) {
  Digest digest;
  if (bytes.size() != digest.size()) {
    return broken("a digest of 32 bytes, found " + std::to_string(bytes.size()));
  }
  std::ranges::copy(view_of(bytes), digest.begin());
  return digest;
}

Result<federation::BlobId> blob_from(const v1::BlobId& blob) {
  COVEY_ASSIGN_OR_RETURN(const Digest digest, digest_from(blob.digest()));
  if (blob.size_bytes() == 0) return broken("a plan and a model that are not empty");
  return federation::BlobId{.digest = digest, .size_bytes = blob.size_bytes()};
}

Result<federation::Assignment> assignment_from(const v1::Assignment& assignment,
                                               const std::string& task) {
  const v1::RoundId& round = assignment.round();
  if (round.task().empty() || !is_name(round.task()) || round.round() == 0) {
    return broken("the name of a task and the number of a round");
  }
  if (!task.empty() && round.task() != task) return broken("work for the task that was asked for");
  COVEY_ASSIGN_OR_RETURN(const federation::BlobId plan, blob_from(assignment.plan()));
  COVEY_ASSIGN_OR_RETURN(const federation::BlobId model, blob_from(assignment.model()));
  return federation::Assignment{
      .round = {.task = round.task(), .round = round.round()}, .plan = plan, .model = model};
}

federation::ComeBack come_back_from(const v1::ComeBack& come_back) {
  return {federation::Milliseconds(
              static_cast<std::int64_t>(std::min(come_back.milliseconds(), kLongestComeBackMs))),
          come_back.epoch()};
}

Result<federation::RoundOver> round_over_from(const v1::RoundOver& over) {
  if (!is_name(over.reason())) return broken("a short reason in printable ASCII");
  federation::RoundOver out{.is_completed = over.is_completed(),
                            .has_contributed = over.has_contributed(),
                            .model = std::nullopt,
                            .reason = over.reason()};
  if (!over.model().empty()) {
    COVEY_ASSIGN_OR_RETURN(out.model, digest_from(over.model()));
  }
  return out;
}

}  // namespace

void to_wire(const federation::CheckInRequest& request, v1::CheckInRequest& out) {
  out.set_protocol_version(request.protocol_version);
  out.set_task(request.task);
  if (request.manifest) out.set_manifest(std::string(text_of(*request.manifest)));
  if (request.data_schema) out.set_data_schema(std::string(text_of(*request.data_schema)));
  out.mutable_properties()->insert(request.properties.begin(), request.properties.end());
}

void to_wire(const federation::RoundId& round, v1::RoundId& out) {
  out.set_task(round.task);
  out.set_round(round.round);
}

void to_wire(const federation::GroupId& group, v1::GroupId& out) {
  to_wire(group.round, *out.mutable_round());
  out.set_group(group.group);
}

void to_wire(const federation::ReceiveRequest& request, v1::ReceiveRequest& out) {
  to_wire(request.group, *out.mutable_group());
  out.set_epoch(request.epoch);
  if (request.seen) out.set_seen(std::string(text_of(*request.seen)));
}

Result<federation::CheckInReply> from_wire(const v1::CheckInReply& reply, const std::string& task) {
  if (reply.has_come_back()) return federation::CheckInReply(come_back_from(reply.come_back()));
  if (!reply.has_assignment()) return other_version();
  COVEY_ASSIGN_OR_RETURN(federation::Assignment assignment,
                         assignment_from(reply.assignment(), task));
  return federation::CheckInReply(std::move(assignment));
}

Result<federation::JoinReply> from_wire(const v1::JoinReply& reply) {
  if (reply.has_come_back()) return federation::JoinReply(come_back_from(reply.come_back()));
  if (reply.has_in_group()) {
    return federation::JoinReply(federation::InGroup{reply.in_group().group()});
  }
  if (!reply.has_round_over()) return other_version();
  COVEY_ASSIGN_OR_RETURN(federation::RoundOver over, round_over_from(reply.round_over()));
  return federation::JoinReply(std::move(over));
}

Result<federation::SendReply> from_wire(const v1::SendReply& reply) {
  if (reply.has_accepted()) {
    return federation::SendReply(federation::Accepted{reply.accepted().epoch()});
  }
  if (reply.has_come_back()) return federation::SendReply(come_back_from(reply.come_back()));
  if (!reply.has_round_over()) return other_version();
  COVEY_ASSIGN_OR_RETURN(federation::RoundOver over, round_over_from(reply.round_over()));
  return federation::SendReply(std::move(over));
}

Status check_part(const v1::BlobPart& part) {
  if (part.data().empty() || part.data().size() > kPartBytes) {
    return broken("a part of 1 to " + std::to_string(kPartBytes) + " bytes, found " +
                  std::to_string(part.data().size()));
  }
  COVEY_ASSIGN_OR_RETURN(const Digest digest, digest_from(part.digest()));
  if (crypto::sha256(view_of(part.data())) != digest) {
    return broken("a part that is what its digest says");
  }
  return {};
}

Status ReceivedReply::add(const v1::ReceivePart& part) {
  if (part.has_part()) return add_message_part(part.part());
  if (reply_) return broken("nothing after the answer's end");
  if (part.has_come_back()) {
    reply_ = come_back_from(part.come_back());
    return {};
  }
  if (!part.has_round_over()) return other_version();
  COVEY_ASSIGN_OR_RETURN(reply_, round_over_from(part.round_over()));
  return {};
}

Status ReceivedReply::add_message_part(const v1::MessagePart& part) {
  if (!reply_) {
    if (part.size_bytes() == 0 || part.size_bytes() > max_message_bytes_) {
      return broken("a message of 1 to " + std::to_string(max_message_bytes_) + " bytes");
    }
    size_bytes_ = part.size_bytes();
    reply_ = federation::GroupMessage{.epoch = part.epoch(), .message = {}};
  }
  auto* const message = std::get_if<federation::GroupMessage>(&*reply_);
  if (message == nullptr || part.epoch() != message->epoch || part.size_bytes() != size_bytes_) {
    return broken("parts of one and the same message");
  }
  if (part.data().empty() || part.data().size() > kPartBytes ||
      part.data().size() > size_bytes_ - message->message.size()) {
    return broken("parts that together are as long as the message");
  }
  const ByteView data = view_of(part.data());
  message->message.insert(message->message.end(), data.begin(), data.end());
  return {};
}

Result<federation::ReceiveReply> ReceivedReply::finish() {
  if (!reply_) return other_version();
  const auto* const message = std::get_if<federation::GroupMessage>(&*reply_);
  if (message != nullptr && message->message.size() != size_bytes_) {
    return broken("parts that together are as long as the message");
  }
  return std::move(*reply_);
}

}  // namespace covey::client::reply_wire
