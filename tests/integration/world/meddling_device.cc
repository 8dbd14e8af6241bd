#include "integration/world/meddling_device.h"

#include "integration/world/identity.h"

namespace covey::testing {

using client::GrpcTransport;

std::unique_ptr<GrpcTransport> connect(const Federation& federation, int device) {
  const auto identity = tls_identity(federation.pki(), Federation::name_of(device));
  return GrpcTransport::create(transport_options(federation.address(), identity)).value();
}

class MeddlingDevice::Meddler final : public client::Transport {
 public:
  Meddler(std::unique_ptr<GrpcTransport> wire, OnSend on_send)
      : wire_(std::move(wire)), on_send_(std::move(on_send)) {}

  Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) override {
    return wire_->check_in(request);
  }
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override {
    return wire_->fetch(blob, offset, sink);
  }
  Result<federation::JoinReply> join(const federation::RoundId& round) override {
    return wire_->join(round);
  }
  Result<federation::SendReply> send(const federation::GroupId& group, ByteView message) override {
    return on_send_(*wire_, group, message);
  }
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) override {
    return wire_->receive(request);
  }
  Status decline(const federation::RoundId& round, federation::DeclineReason reason) override {
    return wire_->decline(round, reason);
  }
  void cancel() override { wire_->cancel(); }
  void resume() override { wire_->resume(); }

 private:
  std::unique_ptr<GrpcTransport> wire_;
  OnSend on_send_;
};

MeddlingDevice::MeddlingDevice(const Federation& federation, int device, int speaks_as,
                               OnSend on_send)
    : transport_(std::make_unique<Meddler>(connect(federation, device), std::move(on_send))),
      storage_(client::FileStorage::open(federation.folder() / "meddler").value()),
      trainer_(flat_manifest(Federation::kSmallModel), 0.01f * static_cast<float>(device),
               10 * static_cast<std::uint64_t>(device)),
      agent_(client::Agent::create(agent_options(federation.pki(), Federation::name_of(speaks_as)),
                                   trainer_, *transport_, storage_, conditions_)
                 .value()) {
  COVEY_CHECK(agent_.start().has_value());  // it is new
}

MeddlingDevice::~MeddlingDevice() {
  agent_.stop();
  agent_.join();
}

}  // namespace covey::testing
