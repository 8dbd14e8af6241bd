#include "support/secagg_world.h"

#include <algorithm>
#include <random>

#include "covey/crypto/insecure_seeded_random.h"

namespace covey::testing {

using namespace covey::secagg;

Result<crypto::CertifiedIdentity> TrustingVerifier::verify(ByteView certificate_chain) {
  if (certificate_chain.size() != 32) return invalid_argument("not a certificate of tests");
  crypto::CertifiedIdentity identity;
  identity.name = to_hex(certificate_chain);
  std::ranges::copy(certificate_chain, identity.key.begin());
  return identity;
}

namespace {

World::Choose seeded_choice(std::uint64_t seed) {
  return [random = std::mt19937_64(seed)](std::uint32_t bound) mutable {
    return static_cast<std::uint32_t>(random() % bound);
  };
}

void run_backwards(CoordinatorSession& coordinator) {
  for (std::size_t part = coordinator.work_parts(); part > 0; --part)
    coordinator.run_part(part - 1);
}

ring::RingVector random_vector(const ring::RingShape& shape, std::mt19937_64& random) {
  ring::RingVector vector = ring::RingVector::zeros(shape);
  std::visit(
      [&]<typename Lane>(std::vector<Lane>& lanes) {
        for (Lane& lane : lanes) lane = static_cast<Lane>(random());
      },
      vector.elements);
  for (std::uint64_t& counter : vector.counters) counter = random();
  vector.reduce(shape.bits);
  return vector;
}

}  // namespace

World::World(const WorldOptions& world_options, Choose chosen)
    : options(world_options),
      choose(chosen ? std::move(chosen) : seeded_choice(world_options.seed)),
      run_work(run_backwards) {
  if (!options.keep_policy) {
    options.policy.minimum_devices = 2;
    options.policy.minimum_survivors = 2;
    options.policy.corrupt_fraction = 0;
    options.policy.coordinator_may_lie = false;
  }
  context.task = "digits";
  context.round = 7;
  context.shape = options.shape;
  context.plan[0] = 1;
  context.model[0] = 2;

  crypto::InsecureSeededRandom random(options.seed);
  std::mt19937_64 values(options.seed);
  for (DeviceHandle handle = 0; handle < options.devices; ++handle) {
    auto device =
        std::make_unique<Device>(Device{crypto::SigningKeyPair::from_seed(random.secret_key()),
                                        random_vector(options.shape, values),
                                        {},
                                        {},
                                        {},
                                        {},
                                        Vanish::kNever,
                                        false,
                                        0});
    if (handle < options.vanish.size()) device->vanish = options.vanish[handle];
    device->chunks_before_vanishing = static_cast<std::uint32_t>(values() % 4);
    device->options.context = context;
    device->options.policy = options.policy;
    device->options.signing_key = &device->signing_key;
    device->options.certificate_chain = to_bytes(device->signing_key.public_key());
    device->options.verifier = &verifier;
    device->options.update = &device->update;
    auto session = ClientSession::create(device->options, device->ledger, random);
    COVEY_CHECK(session.has_value());  // the options above fit together
    device->session.emplace(std::move(*session));
    devices.push_back(std::move(device));
  }
  coordinator_options.context = context;
  coordinator_options.maximum_devices = std::max(2u, options.devices);
  coordinator_options.fixed = FixedParameters{options.degree, options.threshold};
  coordinator_options.verifier = &verifier;
  coordinator_options.staging_bytes = options.staging_bytes;
  coordinator_options.slice_blocks = options.slice_blocks;
  auto session = CoordinatorSession::create(coordinator_options);
  COVEY_CHECK(session.has_value());  // as above
  coordinator.emplace(std::move(*session));
}

bool World::odds(double probability) {
  return probability > 0 && choose(1'000'000) < probability * 1'000'000;
}

bool World::restarts_now() {
  if (restarts_ == options.most_restarts || !odds(options.restart_odds)) return false;
  ++restarts_;
  return true;
}

void World::start() {
  for (DeviceHandle handle = 0; handle < devices.size(); ++handle) {
    apply(handle, devices[handle]->session->start());
  }
}

void World::settle() {
  while (deliver_one()) {
  }
}

void World::run() {
  start();
  settle();
  while (coordinator->step() < CoordinatorStep::kCompleted) {
    close_step();
    settle();
  }
}

bool World::deliver_one() {
  if (network.empty()) return false;
  if (restarts_now()) restart_coordinator();
  if (restarts_now()) {
    restart_device(choose(static_cast<std::uint32_t>(devices.size())));
  }
  if (network.empty()) return true;  // a restart may have lost what was under way
  const std::size_t index = choose(static_cast<std::uint32_t>(network.size()));
  Packet packet = std::move(network[index]);
  network[index] = std::move(network.back());
  network.pop_back();
  if (intercept && !intercept(packet)) return true;
  const bool again = odds(options.repeat_odds);
  deliver(packet);
  if (again) network.push_back(std::move(packet));
  return true;
}

void World::deliver(const Packet& packet) {
  if (packet.to_coordinator) {
    const CoordinatorEffects effects = coordinator->receive(packet.device, packet.bytes);
    apply(effects);
    const bool is_busy = std::ranges::any_of(effects, [](const CoordinatorEffect& effect) {
      return std::holds_alternative<coordinator_effect::SlowDown>(effect);
    });
    if (!is_busy) return;
    network.push_back(packet);
    for (DeviceHandle handle = 0; handle < devices.size(); ++handle) {
      // What the shell's timer does: who makes no progress does not hold up the others.
      if (devices[handle]->gone) apply(coordinator->device_gone(handle));
    }
    return;
  }
  Device& device = *devices[packet.device];
  if (!device.gone) apply(packet.device, device.session->receive(packet.bytes));
}

void World::apply(const CoordinatorEffects& effects) {
  for (const CoordinatorEffect& effect : effects) {
    if (const auto* ready = std::get_if<coordinator_effect::MessageReady>(&effect)) {
      if (auto message = coordinator->message_for(ready->device)) {
        network.push_back({false, ready->device, std::move(*message)});
      }
    } else if (const auto* fold = std::get_if<coordinator_effect::MaskedInputFolded>(&effect)) {
      folded.insert(fold->device);
    } else if (const auto* drop = std::get_if<coordinator_effect::Drop>(&effect)) {
      dropped.push_back({drop->device, drop->fault, drop->refusal, drop->neighbour});
    } else if (std::holds_alternative<coordinator_effect::WorkReady>(effect)) {
      if (restarts_now()) {
        restart_coordinator();
        return;  // resume() says WorkReady again
      }
      run_work(*coordinator);
      apply(coordinator->work_done());
    }
  }
}

void World::send(DeviceHandle device, Bytes bytes) {
  network.push_back({true, device, std::move(bytes)});
}

void World::vanish(Device& device, DeviceHandle handle) {
  device.gone = true;
  std::erase_if(network, [&](const Packet& packet) {
    return !packet.to_coordinator && packet.device == handle;
  });
  if (odds(0.5))
    apply(coordinator->device_gone(handle));  // or nobody notices before the step closes
}

void World::send_masked_input(DeviceHandle handle) {
  Device& device = *devices[handle];
  if (device.gone) return;
  for (std::uint32_t i = 0; i < device.session->chunk_count(); ++i) {
    if (device.vanish == Vanish::kMask && i == device.chunks_before_vanishing) break;
    if (auto chunk = device.session->masked_chunk(i)) send(handle, std::move(*chunk));
  }
  if (device.vanish == Vanish::kMask) vanish(device, handle);
}

// Which step the device's next plain message answers: as many as it has journaled.
std::size_t World::kind_of_answer(const Device& device) const { return device.journal.size() - 1; }

void World::apply(DeviceHandle handle, std::vector<ClientEffect> effects) {
  Device& device = *devices[handle];
  for (ClientEffect& effect : effects) {
    if (auto* save = std::get_if<client_effect::Save>(&effect)) {
      device.journal.push_back(to_bytes(save->record.reveal()));
    } else if (auto* message = std::get_if<client_effect::Send>(&effect)) {
      if (!device.session->outcome() &&
          kind_of_answer(device) == static_cast<std::size_t>(device.vanish)) {
        vanish(device, handle);
        return;
      }
      send(handle, std::move(message->message));
    } else if (std::holds_alternative<client_effect::SendMaskedInput>(effect)) {
      send_masked_input(handle);
    }
  }
}

void World::restart_coordinator() {
  const Bytes saved = coordinator->save();
  auto restored = CoordinatorSession::restore(coordinator_options, saved);
  COVEY_CHECK(restored.has_value());  // what was saved restores
  coordinator.emplace(std::move(*restored));
  apply(coordinator->resume());
}

void World::restart_device(DeviceHandle handle) {
  Device& device = *devices[handle];
  if (device.gone || device.session->outcome() || device.journal.empty()) return;
  auto restored = ClientSession::restore(device.options, device.journal);
  COVEY_CHECK(restored.has_value());  // what was journaled restores
  device.session.emplace(std::move(*restored));
  apply(handle, device.session->start());
}

ring::RingVector World::plain_sum(const std::vector<DeviceHandle>& handles) const {
  ring::RingVector sum = ring::RingVector::zeros(options.shape);
  for (const DeviceHandle handle : handles) {
    const ring::RingVector& update = devices[handle]->update;
    std::visit(
        [&]<typename Lane>(std::vector<Lane>& lanes) {
          const auto& other = std::get<std::vector<Lane>>(update.elements);
          for (std::size_t i = 0; i < lanes.size(); ++i) {
            lanes[i] = static_cast<Lane>(lanes[i] + other[i]);
          }
        },
        sum.elements);
    for (std::size_t i = 0; i < sum.counters.size(); ++i) sum.counters[i] += update.counters[i];
  }
  sum.reduce(options.shape.bits);
  return sum;
}

}  // namespace covey::testing
