#include "coordinator/runtime/group_runner.h"

#include <algorithm>

#include "support/catch.h"
#include "support/memory_store.h"
#include "support/secagg_world.h"

namespace covey {
namespace {

using namespace coordinator;
using namespace std::chrono_literals;
using federation::Accepted;
using federation::RoundOver;
using federation::SendReply;
using testing::World;

constexpr std::uint64_t kEpoch = 11;
constexpr Milliseconds kBegin{1'000};

crypto::SigningKeyPair some_key() {
  crypto::SystemRandom random;
  return crypto::SigningKeyPair::from_seed(random.secret_key());
}

// A group that waits for masked vectors, and the vectors of its devices, one message each. Time is
// what a test says.
struct Scene {
  Scene() {
    world.intercept = [&](World::Packet& packet) {
      const bool is_vector = packet.to_coordinator && world.coordinator->step() == masking;
      if (is_vector) vectors[packet.device] = packet.bytes;
      return !is_vector;
    };
    world.start();
    world.settle();
    GroupRunner::Options options;
    options.session = world.coordinator_options;
    for (DeviceHandle device = 0; device < world.devices.size(); ++device) {
      options.members.push_back(device);
    }
    options.step_idle = 60s;
    auto opened = GroupRunner::open(std::move(options), world.coordinator->save(), around, kBegin);
    REQUIRE(opened.has_value());
    runner = std::move(*opened);
  }

  void send(DeviceHandle device, Milliseconds now) {
    runner->send(
        device, {"device", {}}, vectors.at(device),
        [this, device](Result<SendReply> reply) { answers.emplace(device, std::move(reply)); },
        now);
    outbox.flush();
  }
  bool is_accepted(DeviceHandle device) const {
    const auto [first, last] = answers.equal_range(device);
    return std::any_of(first, last, [](const auto& answer) {
      return answer.second && std::holds_alternative<Accepted>(*answer.second);
    });
  }

  static constexpr auto masking = secagg::CoordinatorStep::kMask;
  static testing::WorldOptions one_message_a_vector() {
    testing::WorldOptions options;
    options.shape.counters = 0;
    return options;
  }
  World world{one_message_a_vector()};
  std::map<DeviceHandle, Bytes> vectors;
  std::multimap<DeviceHandle, Result<SendReply>> answers;

  Outbox outbox;
  EventLog log{16, {}};
  testing::MemoryStore store;
  DeviceDirectory devices = DeviceDirectory::load(store).value();
  crypto::SigningKeyPair key = some_key();
  AuditTrail audit{store, key};
  Surroundings around{
      outbox,
      log,
      store,
      devices,
      audit,
      world.verifier,
      [](std::size_t, const std::function<void(std::size_t)>&, const std::function<void()>&) {},
      [] { return UnixMs{0}; },
      kEpoch};
  std::unique_ptr<GroupRunner> runner;  // last: it uses what is above
};

}  // namespace

TEST_CASE("masked vectors are acknowledged with a save of the sum that holds them, and share it",
          "[group]") {
  Scene scene;
  REQUIRE(scene.vectors.size() == 5);
  scene.send(0, kBegin);
  scene.send(1, kBegin + 100ms);
  CHECK(scene.answers.empty());
  CHECK_FALSE(scene.runner->needs_save());

  REQUIRE(scene.runner->next_tick() == kBegin + 200ms);
  scene.runner->tick(kBegin + 199ms);
  CHECK_FALSE(scene.runner->needs_save());
  scene.runner->tick(kBegin + 200ms);
  REQUIRE(scene.runner->needs_save());
  const Bytes saved = scene.runner->save();
  CHECK(scene.answers.empty());  // until the save is durable
  scene.outbox.flush();
  CHECK(scene.is_accepted(0));
  CHECK(scene.is_accepted(1));

  auto restored = secagg::CoordinatorSession::restore(scene.world.coordinator_options, saved);
  REQUIRE(restored.has_value());
  for (const DeviceHandle device : {0u, 1u, 2u}) {
    const std::uint64_t before = restored->progress();
    restored->receive(device, scene.vectors.at(device));
    CHECK((restored->progress() > before) == (device == 2));  // the first two are in it already
  }
}

TEST_CASE("a masked vector that is sent again is not acknowledged before its save either",
          "[group]") {
  Scene scene;
  scene.send(0, kBegin);
  scene.send(0, kBegin + 10ms);
  CHECK_FALSE(scene.is_accepted(0));
  scene.runner->tick(kBegin + 200ms);
  REQUIRE(scene.runner->needs_save());
  scene.runner->save();
  scene.outbox.flush();
  CHECK(scene.is_accepted(0));
  CHECK(scene.answers.count(0) == 2);  // each call has one answer
}

TEST_CASE("the last masked vector closes the step, and nobody waits for a shared save", "[group]") {
  Scene scene;
  for (const DeviceHandle device : {0u, 1u, 2u, 3u}) scene.send(device, kBegin);
  CHECK_FALSE(scene.runner->needs_save());
  scene.send(4, kBegin + 1ms);
  REQUIRE(scene.runner->needs_save());
  CHECK(scene.answers.empty());
  scene.runner->save();
  scene.outbox.flush();
  for (const DeviceHandle device : {0u, 1u, 2u, 3u, 4u}) CHECK(scene.is_accepted(device));
}

TEST_CASE("who waits for a save is answered when the round ends without one", "[group]") {
  Scene scene;
  scene.send(0, kBegin);
  scene.runner->stop();
  scene.runner->close([](DeviceHandle) { return RoundOver{}; });
  scene.outbox.flush();
  REQUIRE(scene.answers.count(0) == 1);
  CHECK(std::holds_alternative<RoundOver>(scene.answers.begin()->second.value()));
}

TEST_CASE("when calls are let go, what waits for a save is saved", "[group]") {
  Scene scene;
  scene.send(0, kBegin);
  scene.runner->release_calls();
  REQUIRE(scene.runner->needs_save());
  scene.runner->save();
  scene.outbox.flush();
  CHECK(scene.is_accepted(0));
}

}  // namespace covey
