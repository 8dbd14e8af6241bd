#include "support/catch.h"
#include "support/fake_federation.h"

namespace covey::testing {
namespace {

using client::RoundOutcome;

constexpr std::uint32_t kDevices = 3;

int instants_of_a_whole_run() {
  FakeFederation federation(kDevices);
  federation.run();
  return federation.instants;
}

void check_all_in_sum(const FakeFederation& federation) {
  REQUIRE(federation.is_over());
  REQUIRE(federation.coordinator->session->step() == secagg::CoordinatorStep::kCompleted);
  for (const auto& device : federation.devices) REQUIRE(device->stored_results.size() == 1);
  CHECK(federation.coordinator->session->survivors().size() == kDevices);
  CHECK(federation.coordinator->session->sum() == federation.plain_sum());
  for (const auto& device : federation.devices) {
    CHECK_FALSE(device->is_trained_twice);
    CHECK(device->receipts.back().outcome == RoundOutcome::kContributed);
    CHECK(device->storage.lists.empty());
  }
}

}  // namespace

TEST_CASE(
    "devices that nothing happens to are all in the sum, and have nothing left of the round") {
  FakeFederation federation(kDevices);
  federation.run();
  check_all_in_sum(federation);
  for (const auto& device : federation.devices) {
    REQUIRE(device->receipts.size() == 1);
    const client::Receipt& receipt = device->receipts.front();
    CHECK(receipt.task == "digits");
    CHECK(receipt.round == 7);
    CHECK(receipt.group == 0u);
    CHECK(receipt.plan == federation.coordinator->assignment.plan.digest);
    CHECK(receipt.model == federation.coordinator->assignment.model.digest);
    REQUIRE(receipt.parameters);
    CHECK(receipt.parameters->devices == kDevices);
    CHECK(receipt.parameters->threshold == 2);
    CHECK(receipt.survivors == kDevices);
    REQUIRE(receipt.terms);
    CHECK(receipt.terms->shape.length == 24);
    // Keys, boxes, elements, counters, a signature, shares: each was sent once.
    CHECK(device->sent.size() == 6);
    CHECK(device->receives.front().epoch == federation.coordinator->epoch);
    CHECK_FALSE(device->receives.front().seen);
    CHECK(device->receives.back().epoch == federation.coordinator->epoch);
    CHECK(device->receives.back().seen);
    std::size_t sent_bytes = 0;
    for (const Bytes& message : device->sent) sent_bytes += message.size();
    CHECK(receipt.bytes_sent == sent_bytes);
    CHECK(device->reports.empty());
  }
}

TEST_CASE("a device killed at any instant is in the sum once, with what it stored") {
  const int instants = instants_of_a_whole_run();
  REQUIRE(instants > 40);
  for (int instant = 0; instant < instants; ++instant) {
    INFO("killed at instant " << instant << " of " << instants);
    FakeFederation federation(kDevices);
    federation.crash_at = instant;
    federation.run();
    check_all_in_sum(federation);
    CHECK(federation.devices[0]->reports.empty());
  }
}

TEST_CASE("a coordinator restarted before any operation gives the same sum") {
  FakeFederation whole(kDevices);
  whole.run();
  for (int operation = 0; operation < whole.operations; ++operation) {
    INFO("restarted before operation " << operation);
    FakeFederation federation(kDevices);
    federation.restart_at = operation;
    federation.run();
    check_all_in_sum(federation);
  }
}

TEST_CASE("a coordinator that asks for the same answer for ever is left, with nothing new sent") {
  FakeFederation federation(kDevices);
  FakeDevice& device = *federation.devices[0];
  for (int turn = 0; turn < 2'000 && device.receipts.empty(); ++turn) {
    ++federation.coordinator->epoch;  // as if it had restarted, and knew nothing of the answer
    federation.turn(device);
  }
  REQUIRE(device.receipts.size() == 1);
  CHECK(device.receipts[0].outcome == RoundOutcome::kAbandoned);
  CHECK(device.sent.size() < 100);
  for (const Bytes& message : device.sent) CHECK(message == device.sent.front());
}

TEST_CASE("a busy coordinator gets the same bytes again") {
  FakeFederation federation(kDevices);
  federation.coordinator->slow_downs = 20;
  federation.run();
  check_all_in_sum(federation);
}

TEST_CASE("a result that is damaged on disk costs its round, by name, and the ledger stands") {
  FakeFederation federation(kDevices);
  FakeDevice& device = *federation.devices[0];
  while (device.storage.lists["session"].size() < 2) federation.turn(device);
  const Bytes ledger = device.storage.values.at("ledger");
  const bool of_journal = GENERATE(false, true);
  if (of_journal) {
    device.storage.lists["session"][1][5] ^= 1;
  } else {
    device.storage.values.at("round")[5] ^= 1;
  }
  device.participant.reset();
  federation.turn(device);
  REQUIRE(device.reports.size() == 1);
  CHECK(device.reports[0].message.find("abandoned") != std::string::npos);
  CHECK(device.storage.values.at("ledger") == ledger);
  CHECK_FALSE(device.storage.values.contains("round"));
  federation.turn(device);  // assigned the same round again
  CHECK(device.reports.back().code == ErrorCode::kAlreadyExists);
  CHECK(device.trainings == 1);
  if (of_journal) CHECK(device.receipts.back().outcome == RoundOutcome::kAbandoned);
}

TEST_CASE("a device whose ledger of rounds is damaged does not work") {
  FakeFederation federation(kDevices);
  federation.run();
  FakeDevice& device = *federation.devices[0];
  device.storage.values.at("ledger")[5] ^= 1;
  auto stored = client::StoredState::read(device.storage);
  REQUIRE(stored);
  const auto made = client::Participant::create(federation.options_of(device), std::move(*stored));
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::kDataLoss);
}

}  // namespace covey::testing
