#include "support/catch.h"
#include "support/secagg_attack.h"

// What a restart, or a device that comes late, must not break.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

constexpr DeviceHandle kOne = 2;

WorldOptions eight_devices() {
  WorldOptions options;
  options.devices = 8;
  options.degree = 7;
  options.threshold = 4;
  options.shape = {20, 50, 2};
  return options;
}

// A world that stands where device kOne has sent what is of `kind`; that message is lost.
std::unique_ptr<World> stopped_at(std::size_t kind) {
  auto world = std::make_unique<World>(eight_devices());
  bool reached = false;
  world->intercept = [&](World::Packet& packet) {
    if (packet.device != kOne || kind_said(*world, packet) != kind) return true;
    reached = true;
    return false;
  };
  world->start();
  while (!reached && world->deliver_one()) {
  }
  REQUIRE(reached);
  world->intercept = nullptr;
  return world;
}

ErrorCode code_of(const Result<ClientSession>& session) {
  return session ? ErrorCode::kUnknown : session.error().code;
}

}  // namespace

TEST_CASE("a survivor that was late to agree learns that it contributed") {
  World world(eight_devices());
  world.intercept = [&](World::Packet& packet) {
    return packet.device != kOne || kind_said(world, packet) != kSignatureKind;
  };
  world.run();
  REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
  ClientSession& session = *world.devices[kOne]->session;
  REQUIRE_FALSE(session.outcome().has_value());
  session.receive(*world.coordinator->message_for(kOne));
  REQUIRE(session.outcome().has_value());
  CHECK(session.outcome()->kind == ClientOutcome::Kind::kContributed);
}

TEST_CASE("a device that was turned away when it advertised is told why") {
  World world(eight_devices());
  world.deliver({true, kOne, Bytes{1}});
  REQUIRE(world.dropped.size() == 1);
  const auto told = wire::decode_coordinator_message(*world.coordinator->message_for(kOne), {});
  REQUIRE(told.has_value());
  CHECK(name_of(std::get<wire::Dismissed>(*told).fault) == name_of(Fault::kMalformed));
}

TEST_CASE(
    "a session is not restored with another update, whose difference its masks would give away") {
  const auto world = stopped_at(kChunkKind);
  World::Device& device = *world->devices[kOne];
  CHECK(ClientSession::restore(device.options, device.journal).has_value());
  device.update.counters[0] += 1;
  CHECK(code_of(ClientSession::restore(device.options, device.journal)) == ErrorCode::kDataLoss);
}

TEST_CASE("a flipped bit in any record of a journal is found") {
  const auto world = stopped_at(kSignatureKind);
  World::Device& device = *world->devices[kOne];
  REQUIRE(device.journal.size() == 4);
  REQUIRE(ClientSession::restore(device.options, device.journal).has_value());
  for (std::size_t record = 0; record < device.journal.size(); ++record) {
    for (std::size_t at = 0; at < device.journal[record].size(); at += 7) {
      auto journal = device.journal;
      journal[record][at] ^= 0x10;
      REQUIRE(code_of(ClientSession::restore(device.options, journal)) == ErrorCode::kDataLoss);
    }
  }
}

TEST_CASE("who holds up the others with half a vector is seen, and dropping it lets them in") {
  WorldOptions options = eight_devices();
  options.staging_bytes = 1;  // room for one vector
  World world(options);
  std::vector<World::Packet> held;
  world.intercept = [&](World::Packet& packet) {
    if (kind_said(world, packet) != kChunkKind) return true;
    if (packet.device == kOne) return world.coordinator->uploading().empty();  // one chunk of two
    held.push_back(packet);
    return false;
  };
  world.start();
  world.settle();
  world.intercept = nullptr;
  REQUIRE(world.coordinator->uploading() == std::vector<DeviceHandle>{kOne});
  const auto effects = world.coordinator->receive(held.front().device, held.front().bytes);
  REQUIRE(effects.size() == 1);
  REQUIRE(std::holds_alternative<coordinator_effect::SlowDown>(effects.front()));

  world.network = held;
  world.apply(world.coordinator->device_gone(kOne));
  world.settle();
  CHECK(world.folded.size() == 7);
  CHECK(world.coordinator->step() == CoordinatorStep::kCompleted);
}
