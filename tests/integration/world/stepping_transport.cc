#include "integration/world/stepping_transport.h"

#include <csignal>
#include <cstdio>

namespace covey::testing {

void SteppingTransport::stop(const std::string& call) {
  std::fprintf(stderr, "%s%s\n", kMark, call.c_str());
  std::raise(SIGSTOP);
}

Result<federation::CheckInReply> SteppingTransport::check_in(
    const federation::CheckInRequest& request) {
  fetched_ = sent_ = received_ = {};
  stop("check-in");
  return transport_.check_in(request);
}

Status SteppingTransport::fetch(const Digest& blob, std::uint64_t offset,
                                const std::function<Status(ByteView)>& sink) {
  stop(fetched_.numbered("fetch", to_bytes(blob)));
  return transport_.fetch(blob, offset, sink);
}

Result<federation::JoinReply> SteppingTransport::join(const federation::RoundId& round) {
  stop("join");
  return transport_.join(round);
}

Result<federation::SendReply> SteppingTransport::send(const federation::GroupId& group,
                                                      ByteView message) {
  stop(sent_.numbered("send", to_bytes(message)));
  return transport_.send(group, message);
}

Result<federation::ReceiveReply> SteppingTransport::receive(
    const federation::ReceiveRequest& request) {
  stop(received_.numbered("receive", request.seen ? to_bytes(*request.seen) : Bytes()));
  return transport_.receive(request);
}

Status SteppingTransport::decline(const federation::RoundId& round,
                                  federation::DeclineReason reason) {
  stop("decline");
  return transport_.decline(round, reason);
}

}  // namespace covey::testing
