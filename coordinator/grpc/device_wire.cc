#include "coordinator/grpc/device_wire.h"

#include <algorithm>

#if __has_include(<google/protobuf/stubs/logging.h>)
#include <google/protobuf/stubs/logging.h>
#endif

namespace covey::coordinator::device_wire {
namespace {

using federation::kMaxMessageBytes;
using federation::kMaxProperties;
using federation::kMaxPropertyBytes;

constexpr std::size_t kMaxTaskNameBytes = 128;

Status check_task_name(const std::string& name) {
  const bool is_printable = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
  if (is_printable && name.size() <= kMaxTaskNameBytes) return {};
  return invalid_argument("expected a task's name of at most " + std::to_string(kMaxTaskNameBytes) +
                          " printable ASCII characters, found " + std::to_string(name.size()) +
                          " bytes" + (is_printable ? "" : ", not all of them printable"));
}

Result<Digest> digest_from(const std::string& bytes) {
  Digest digest;
  if (bytes.size() != digest.size()) {
    return invalid_argument("expected a digest of 32 bytes, found " + std::to_string(bytes.size()));
  }
  std::ranges::copy(view_of(bytes), digest.begin());
  return digest;
}

Result<std::optional<Digest>> optional_digest_from(const std::string& bytes) {
  if (bytes.empty()) return std::optional<Digest>();
  COVEY_ASSIGN_OR_RETURN(const Digest digest, digest_from(bytes));
  return std::optional(digest);
}

template <typename Properties>
Status check_properties(const Properties& properties) {
  if (properties.size() > kMaxProperties) {
    return invalid_argument("expected at most " + std::to_string(kMaxProperties) +
                            " properties, found " + std::to_string(properties.size()));
  }
  const auto is_fine = [](const std::string& text) {
    return text.size() <= kMaxPropertyBytes &&
           std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
  };
  for (const auto& [name, value] : properties) {
    if (name.empty() || !is_fine(name) || !is_fine(value)) {
      return invalid_argument("expected properties whose names and values have at most " +
                              std::to_string(kMaxPropertyBytes) +
                              " bytes and no control characters");
    }
  }
  return {};
}

void set_blob(const federation::BlobId& blob, v1::BlobId& out) {
  out.set_digest(std::string(text_of(blob.digest)));
  out.set_size_bytes(blob.size_bytes);
}

// Puts an alternative of a reply where the wire's oneof has it.
template <typename Wire>
struct Body {
  Wire& out;
  void operator()(const federation::Assignment& assignment) const {
    auto& wire = *out.mutable_assignment();
    wire.mutable_round()->set_task(assignment.round.task);
    wire.mutable_round()->set_round(assignment.round.round);
    set_blob(assignment.plan, *wire.mutable_plan());
    set_blob(assignment.model, *wire.mutable_model());
  }
  void operator()(const federation::InGroup& in_group) const {
    out.mutable_in_group()->set_group(in_group.group);
  }
  void operator()(const federation::Accepted& accepted) const {
    out.mutable_accepted()->set_epoch(accepted.epoch);
  }
  void operator()(const federation::ComeBack& come_back) const {
    to_wire(come_back, *out.mutable_come_back());
  }
  void operator()(const federation::RoundOver& over) const {
    to_wire(over, *out.mutable_round_over());
  }
};

}  // namespace

void keep_protobuf_silent() {
#if __has_include(<google/protobuf/stubs/logging.h>)  // later versions log through Abseil
  google::protobuf::SetLogHandler(nullptr);
#endif
}

Result<federation::CheckInRequest> from_wire(const v1::CheckInRequest& request) {
  COVEY_RETURN_IF_ERROR(check_task_name(request.task()));
  COVEY_RETURN_IF_ERROR(check_properties(request.properties()));
  COVEY_ASSIGN_OR_RETURN(const auto manifest, optional_digest_from(request.manifest()));
  COVEY_ASSIGN_OR_RETURN(const auto data_schema, optional_digest_from(request.data_schema()));
  return federation::CheckInRequest{
      .protocol_version = request.protocol_version(),
      .task = request.task(),
      .manifest = manifest,
      .data_schema = data_schema,
      .properties = {request.properties().begin(), request.properties().end()}};
}

Result<federation::RoundId> from_wire(const v1::RoundId& round) {
  COVEY_RETURN_IF_ERROR(check_task_name(round.task()));
  if (round.task().empty() || round.round() == 0) {
    return invalid_argument("expected a task's name and the number of a round, from 1");
  }
  return federation::RoundId{.task = round.task(), .round = round.round()};
}

Result<federation::GroupId> from_wire(const v1::GroupId& group) {
  COVEY_ASSIGN_OR_RETURN(federation::RoundId round, from_wire(group.round()));
  return federation::GroupId{.round = std::move(round), .group = group.group()};
}

Result<federation::ReceiveRequest> from_wire(const v1::ReceiveRequest& request) {
  COVEY_ASSIGN_OR_RETURN(federation::GroupId group, from_wire(request.group()));
  COVEY_ASSIGN_OR_RETURN(const auto seen, optional_digest_from(request.seen()));
  return federation::ReceiveRequest{
      .group = std::move(group), .epoch = request.epoch(), .seen = seen};
}

Result<Digest> blob_from(const v1::FetchRequest& request) { return digest_from(request.digest()); }

Result<Bytes> message_from(const v1::SendRequest& request) {
  const std::size_t size_bytes = request.message().size();
  if (size_bytes == 0 || size_bytes > kMaxMessageBytes) {
    return invalid_argument("expected a message of 1 to " + std::to_string(kMaxMessageBytes) +
                            " bytes, found " + std::to_string(size_bytes));
  }
  return to_bytes(view_of(request.message()));
}

Result<federation::DeclineReason> reason_from(const v1::DeclineRequest& request) {
  const auto last = static_cast<std::uint32_t>(federation::DeclineReason::kBadPlan);
  if (request.reason() == 0 || request.reason() > last) {
    return invalid_argument("expected a reason from 1 to " + std::to_string(last) + ", found " +
                            std::to_string(request.reason()));
  }
  return static_cast<federation::DeclineReason>(request.reason());
}

void to_wire(const federation::ComeBack& come_back, v1::ComeBack& out) {
  out.set_milliseconds(static_cast<std::uint64_t>(std::max<std::int64_t>(0, come_back.in.count())));
  out.set_epoch(come_back.epoch);
}

void to_wire(const federation::RoundOver& over, v1::RoundOver& out) {
  out.set_is_completed(over.is_completed);
  out.set_has_contributed(over.has_contributed);
  if (over.model) out.set_model(std::string(text_of(*over.model)));
  out.set_reason(over.reason);
}

void to_wire(const federation::CheckInReply& reply, v1::CheckInReply& out) {
  std::visit(Body<v1::CheckInReply>{out}, reply);
}
void to_wire(const federation::JoinReply& reply, v1::JoinReply& out) {
  std::visit(Body<v1::JoinReply>{out}, reply);
}
void to_wire(const federation::SendReply& reply, v1::SendReply& out) {
  std::visit(Body<v1::SendReply>{out}, reply);
}

}  // namespace covey::coordinator::device_wire
