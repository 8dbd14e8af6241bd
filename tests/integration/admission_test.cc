#include <csignal>

#include "cli/pki/commands.h"
#include "integration/world/identity.h"
#include "integration/world/meddling_device.h"
#include "proto/raw_tls.h"
#include "support/catch.h"

// Who gets in, and who does not.
namespace covey {
namespace {

using federation::CheckInRequest;
using testing::connect;
using testing::Federation;

// What a check-in fails with; nothing when it does not.
std::optional<ErrorCode> refusal(client::Transport& device) {
  const auto reply = device.check_in(CheckInRequest());
  return reply ? std::nullopt : std::optional(reply.error().code);
}

bool lets_in(const Federation& federation, const channel::TlsIdentity& identity) {
  const std::string& address = federation.address();
  return testing::RawTls(TLS_client_method(), TLS1_3_VERSION, identity)
      .connects_to(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace

TEST_CASE("only the federation's own certificates get through", "[admission]") {
  Federation federation(1);
  Federation other(1);
  federation.start_coordinator();
  CHECK(lets_in(federation, testing::tls_identity(federation.pki(), "device-01")));
  CHECK_FALSE(lets_in(federation, testing::tls_identity(other.pki(), "device-01")));
  CHECK_FALSE(lets_in(federation, channel::TlsIdentity()));  // which shows none
  // A device does not talk to a coordinator that its own authority does not know, either.
  auto options = testing::transport_options(federation.address(),
                                            testing::tls_identity(other.pki(), "device-01"));
  options.idle = federation::Milliseconds(500);  // it tries to connect for so long
  const auto stranger = client::GrpcTransport::create(std::move(options)).value();
  CHECK(refusal(*stranger) == ErrorCode::kUnavailable);
  CHECK(refusal(*connect(federation, 1)) == std::nullopt);
  CHECK(federation.admin().devices().value().size() == 1);
}

TEST_CASE("a device that the operator revokes is turned away, after a restart too", "[admission]") {
  Federation federation(2);
  federation.start_coordinator();
  const auto first = connect(federation, 1);
  const auto second = connect(federation, 2);
  CHECK(refusal(*first) == std::nullopt);
  CHECK(refusal(*second) == std::nullopt);
  const auto revoked = federation.covey({"device", "revoke", "device-02", "--reason", "lost"});
  CHECK(revoked.exit_status == 0);
  CHECK(refusal(*first) == std::nullopt);
  CHECK(refusal(*second) == ErrorCode::kPermissionDenied);
  federation.kill_coordinator();
  federation.start_coordinator();
  CHECK(refusal(*connect(federation, 1)) == std::nullopt);
  CHECK(refusal(*connect(federation, 2)) == ErrorCode::kPermissionDenied);
}

TEST_CASE("a certificate that the authority revokes is refused without a restart", "[admission]") {
  Federation federation(2);
  federation.start_coordinator();
  const auto first = connect(federation, 1);
  const auto second = connect(federation, 2);
  CHECK(refusal(*second) == std::nullopt);
  const auto no_passphrase = [] { return Result<SecretBytes>(SecretBytes()); };
  REQUIRE(cli::revoke_certificate(federation.pki(), "device-02", no_passphrase).has_value());
  CHECK(Federation::eventually([&] { return refusal(*second) == ErrorCode::kUnauthenticated; }));
  CHECK(refusal(*connect(federation, 2)) == ErrorCode::kUnauthenticated);
  CHECK(refusal(*first) == std::nullopt);
}

TEST_CASE("a device with a protocol that is too old is told so", "[admission]") {
  Federation federation(1);
  federation.start_coordinator();
  CheckInRequest request;
  request.protocol_version = federation::kOldestProtocolVersion - 1;
  const auto reply = connect(federation, 1)->check_in(request);
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == ErrorCode::kUnimplemented);
  CHECK(reply.error().message.find("version of the protocol") != std::string::npos);
}

TEST_CASE("without TLS a coordinator serves this machine, and no other", "[admission]") {
  const Federation federation(1);
  const std::string config = federation.folder() / "coordinator.toml";
  const auto log = federation.folder() / "insecure.log";
  const auto command = [&](const std::string& listen) {
    return std::vector<std::string>{COVEY_COORDINATOR, "--config", config,
                                    "--insecure",      "--listen", listen};
  };
  const auto refused = testing::run_command(command("0.0.0.0:0"), log);
  CHECK(refused.exit_status == 1);
  CHECK(refused.output.find("127.0.0.1") != std::string::npos);
  CHECK(refused.output.find("certificates") != std::string::npos);

  const testing::Process coordinator(command("127.0.0.1:0"), log);
  const auto address_file = federation.folder() / "state" / "address";
  REQUIRE(Federation::eventually([&] { return !testing::read_text(address_file).empty(); }));
  client::GrpcTransportOptions options;
  options.target = testing::read_text(address_file);
  options.target.pop_back();  // the line's end
  options.insecure_name = "device-01";
  CHECK(refusal(*client::GrpcTransport::create(std::move(options)).value()) == std::nullopt);
}

}  // namespace covey
