#include <csignal>
#include <future>

#include "cli/pki/commands.h"
#include "integration/world/deeds.h"
#include "integration/world/identity.h"
#include "integration/world/meddling_device.h"
#include "support/catch.h"

// Who comes while a round runs and should not.
namespace covey {
namespace {

using testing::check_completed;
using testing::connect;
using testing::Federation;
using testing::MeddlingDevice;
using testing::Process;

std::optional<ErrorCode> refusal(client::Transport& device) {
  const auto reply = device.check_in({});
  return reply ? std::nullopt : std::optional(reply.error().code);
}

}  // namespace

TEST_CASE("a revoked and a foreign certificate are refused while a round runs, which goes on",
          "[unwelcome]") {
  Federation federation(5);
  const Federation other(1);
  federation.start_coordinator();
  federation.submit("digits", {});
  Process& fourth = federation.start_device(4, {"--stop-at", "1:2"});
  federation.start_devices(3);
  REQUIRE(fourth.wait_until_stopped());
  const auto no_passphrase = [] { return Result<SecretBytes>(SecretBytes()); };
  REQUIRE(cli::revoke_certificate(federation.pki(), "device-05", no_passphrase).has_value());
  const auto revoked = connect(federation, 5);
  CHECK(Federation::eventually([&] { return refusal(*revoked) == ErrorCode::kUnauthenticated; }));
  CHECK(Federation::eventually(
      [&] { return federation.coordinator().output().find("revoked") != std::string::npos; }));
  auto options = testing::transport_options(federation.address(),
                                            testing::tls_identity(other.pki(), "device-01"));
  options.idle = federation::Milliseconds(500);  // it tries to connect for so long
  const auto foreign = client::GrpcTransport::create(std::move(options)).value();
  CHECK(refusal(*foreign) == ErrorCode::kUnavailable);
  testing::did("certificates refused", 2);
  fourth.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(check_completed(federation, "digits", 1).front().round.survivors == 4);
}

TEST_CASE("of two processes with one certificate at most one is in the sum, which is right",
          "[unwelcome]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 2, .step_idle = "3s", .dropout_fraction = 0.25});
  const MeddlingDevice twin(federation, 4, 4,
                            [](client::Transport& wire, const federation::GroupId& group,
                               ByteView message) { return wire.send(group, message); });
  federation.start_devices(4);
  REQUIRE(federation.wait_for_end("digits"));
  for (const auto& round : check_completed(federation, "digits", 2)) {
    CHECK(round.survivors.size() + round.dropped.size() == 4);
    CHECK(round.survivors.size() >= 3);
  }
}

TEST_CASE("a call that waits is ended by a later one of the same device, which gets the answer",
          "[unwelcome]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.step_idle = "3s", .dropout_fraction = 0.25});
  Process& third = federation.start_device(3, {"--stop-at", "1:0"});
  federation.start_devices(2);
  const auto first = connect(federation, 4);
  std::optional<federation::RoundId> round;
  REQUIRE(Federation::eventually([&] {
    const auto reply = first->check_in({});
    const auto* work = reply ? std::get_if<federation::Assignment>(&*reply) : nullptr;
    if (work != nullptr) round = work->round;
    return work != nullptr;
  }));
  REQUIRE(third.wait_until_stopped());  // nobody is put in a group before it joins
  auto waits = std::async(std::launch::async, [&] { return first->join(*round); });
  REQUIRE(Federation::eventually([&] {
    const auto status = federation.admin().status();
    return status && status->calls_held == 3;
  }));
  const auto second = connect(federation, 4);
  auto takes_over = std::async(std::launch::async, [&] { return second->join(*round); });
  const auto ended = waits.get();
  REQUIRE_FALSE(ended.has_value());
  CHECK(ended.error().code == ErrorCode::kAborted);
  third.send_signal(SIGCONT);
  const auto answer = takes_over.get();
  CHECK((answer && std::holds_alternative<federation::InGroup>(*answer)));
  REQUIRE(federation.wait_for_end("digits"));
  const auto done = check_completed(federation, "digits", 1).front();
  CHECK(done.dropped == std::vector<std::string>{"device-04"});  // it has said nothing
}

}  // namespace covey
