// Everything that is read back from a disk: damaged bytes are an error, and what restores can be
// saved again, to the same bytes, and goes on.

#include "aggregation/secagg/client_journal.h"
#include "covey/aggregation/merge/fed_avg.h"
#include "covey/aggregation/merge/server_momentum.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"
#include "support/secagg_world.h"

namespace covey::fuzz {
namespace {

using namespace covey::secagg;
using testing::World;

enum Kind : std::uint8_t { kCoordinator, kClient, kLedger, kStrategy, kKinds };

testing::WorldOptions world_options() {
  testing::WorldOptions options;
  options.shape = {16, 20, 2};
  options.vanish = {testing::Vanish::kMask};
  return options;
}

// Its options are what everything is restored with.
World& world() {
  static World only(world_options());
  return only;
}

// Plays a group and keeps what was saved of it at every step.
std::vector<Bytes> coordinator_states() {
  World world(world_options());
  CoordinatorSession& coordinator = *world.coordinator;
  std::vector<Bytes> states = {coordinator.save()};
  const auto keep = [&] { states.push_back(coordinator.save()); };
  world.start();
  while (coordinator.step() < CoordinatorStep::kUnmask) {
    const CoordinatorStep before = coordinator.step();
    if (!world.deliver_one()) world.close_step();
    if (coordinator.step() != before) keep();
  }
  keep();
  while (coordinator.step() == CoordinatorStep::kUnmask) {
    const World::Packet packet = std::move(world.network.back());
    world.network.pop_back();
    if (packet.to_coordinator) {
      coordinator.receive(packet.device, packet.bytes);
    } else {
      world.deliver(packet);
    }
    keep();
  }
  while (coordinator.step() == CoordinatorStep::kExpand) {
    for (std::size_t part = 0; part < coordinator.work_parts(); ++part) coordinator.run_part(part);
    coordinator.work_done();
    keep();
  }
  coordinator.publish(Digest{1});
  keep();
  return states;
}

Bytes input_for(Kind kind, ByteView state) {
  ByteWriter input;
  input.u8(kind);
  input.raw(state);
  return input.take();
}

Bytes input_for(std::span<const Bytes> journal) {
  ByteWriter input;
  input.u8(kClient);
  for (const Bytes& record : journal) {
    const ByteView plain = ByteView(record).first(record.size() - sizeof(Digest));
    input.u16(static_cast<std::uint16_t>(plain.size()));
    input.raw(plain);
  }
  return input.take();
}

// Plays a restored session to its end, however little sense its state makes.
void play_on(CoordinatorSession& session) {
  session.resume();
  for (DeviceHandle device = 0; device < 6; ++device) (void)session.message_for(device);
  while (session.step() < CoordinatorStep::kCompleted) {
    if (session.step() != CoordinatorStep::kExpand) {
      session.close_step();
      continue;
    }
    for (std::size_t part = 0; part < session.work_parts(); ++part) session.run_part(part);
    session.work_done();
  }
  for (DeviceHandle device = 0; device < 6; ++device) (void)session.message_for(device);
}

// Its last 32 bytes are made the digest of the others: damage of other kinds is what is looked for.
void restore_coordinator(Bytes state) {
  if (state.size() < sizeof(Digest)) return;
  const std::size_t body = state.size() - sizeof(Digest);
  const Digest digest = crypto::sha256(ByteView(state).first(body));
  std::ranges::copy(digest, state.begin() + static_cast<std::ptrdiff_t>(body));
  auto session = CoordinatorSession::restore(world().coordinator_options, state);
  if (!session) return;
  const Bytes saved = session->save();
  auto again = CoordinatorSession::restore(world().coordinator_options, saved);
  COVEY_CHECK(again.has_value() && again->save() == saved);  // the invariant
  play_on(*session);
}

// Each record is given the digest that it ends with.
void restore_client(FuzzInput& input) {
  std::vector<Bytes> journal;
  while (!input.is_empty()) {
    journal.push_back(to_bytes(client::journal_record(input.raw(input.word())).reveal()));
  }
  const World::Device& device = *world().devices[1];
  auto session = ClientSession::restore(device.options, journal);
  if (!session) return;
  session->start();
  for (std::uint32_t i = 0; i < session->chunk_count(); ++i) (void)session->masked_chunk(i);
  COVEY_CHECK(!session->outcome().has_value());  // a session that has ended has no journal
  session->receive({});
  COVEY_CHECK(session->outcome().has_value());
}

void restore_ledger(ByteView state) {
  const auto ledger = RoundLedger::from_bytes(state);
  if (!ledger) return;
  const Bytes saved = ledger->to_bytes();
  const auto again = RoundLedger::from_bytes(saved);
  COVEY_CHECK(again.has_value() && again->to_bytes() == saved);  // the invariant
}

void restore_strategy(merge::Strategy& strategy, ByteView state) {
  const Bytes before = strategy.save_state();
  if (!strategy.restore_state(state)) {
    COVEY_CHECK(strategy.save_state() == before);
    return;
  }
  COVEY_CHECK(std::ranges::equal(strategy.save_state(), state));
  const std::vector<float> differences = {1.0f, -2.0f, 3.0f};
  std::vector<float> model = {0.5f, 0.5f, 0.5f};
  if (strategy.merge({differences, 2, 1}, model)) {
    for (const float value : model) COVEY_CHECK(value - value == 0);  // finite
  }
}

merge::ServerMomentum momentum() {
  auto strategy = merge::ServerMomentum::create(1.0f, 0.9f);
  COVEY_CHECK(strategy.has_value());  // legal arguments
  return std::move(*strategy);
}

void restore_strategies(FuzzInput& input) {
  const ByteView state = input.rest();
  auto plain = merge::FedAvg::create();
  COVEY_CHECK(plain.has_value());  // legal arguments
  restore_strategy(*plain, state);
  auto with_momentum = momentum();
  restore_strategy(with_momentum, state);
}

}  // namespace

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const Bytes& state : coordinator_states()) out.push_back(input_for(kCoordinator, state));
  World played(world_options());
  played.run();
  const std::span<const Bytes> journal = played.devices[1]->journal;
  for (std::size_t count = 1; count <= journal.size(); ++count) {
    out.push_back(input_for(journal.first(count)));
  }
  out.push_back(input_for(kLedger, played.devices[1]->ledger.to_bytes()));
  auto strategy = momentum();
  out.push_back(input_for(kStrategy, strategy.save_state()));
  std::vector<float> model(3);
  COVEY_CHECK(strategy.merge({std::vector<float>{1, 2, 3}, 2, 1}, model).has_value());  // legal
  out.push_back(input_for(kStrategy, strategy.save_state()));
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey::fuzz;
  FuzzInput input({data, size});
  switch (input.below(kKinds)) {
    case kCoordinator:
      restore_coordinator(covey::to_bytes(input.rest()));
      break;
    case kClient:
      restore_client(input);
      break;
    case kLedger:
      restore_ledger(input.rest());
      break;
    default:
      restore_strategies(input);
  }
  return 0;
}
