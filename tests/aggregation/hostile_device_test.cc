#include <random>

#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/secagg_attack.h"

// Devices that break the protocol: the coordinator names each, and the others get their sum.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

constexpr DeviceHandle kHostile = 2;

WorldOptions group_of_eight() {
  WorldOptions options;
  options.devices = 8;
  options.degree = 7;
  options.threshold = 4;
  options.shape = {20, 50, 2};
  return options;
}

std::vector<std::string> faults_of(const World& world, DeviceHandle device) {
  std::vector<std::string> faults;
  for (const auto& dropped : world.dropped) {
    if (dropped.device == device) faults.emplace_back(name_of(dropped.fault));
  }
  return faults;
}

// The group completed with the right sum, and every device but the hostile one contributed.
void check_the_others_completed(const World& world, bool hostile_is_in_the_sum,
                                DeviceHandle hostile = kHostile) {
  REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
  const auto& survivors = world.coordinator->survivors();
  CHECK(survivors.size() == world.devices.size() - (hostile_is_in_the_sum ? 0 : 1));
  CHECK(world.coordinator->sum() == world.plain_sum(survivors));
  for (DeviceHandle device = 0; device < world.devices.size(); ++device) {
    if (device == hostile) continue;
    REQUIRE(world.devices[device]->session->outcome().has_value());
    CHECK(world.devices[device]->session->outcome()->kind == ClientOutcome::Kind::kContributed);
  }
}

// Changes the first message of this kind from the hostile device; `change` may push more packets.
template <typename Change>
void attack(World& world, std::size_t kind, Change change) {
  bool done = false;
  world.intercept = [&world, kind, change, done](World::Packet& packet) mutable {
    if (done || packet.device != kHostile || kind_said(world, packet) != kind) return true;
    done = true;
    change(packet.bytes);
    return true;
  };
  world.run();
}

template <typename Change>
void check_dropped_for(Fault fault, std::size_t kind, bool stays_in_the_sum, Change change) {
  INFO("message " << kind << ", expected " << name_of(fault));
  World world(group_of_eight());
  attack(world, kind, change);
  CHECK(faults_of(world, kHostile) == std::vector<std::string>{std::string(name_of(fault))});
  check_the_others_completed(world, stays_in_the_sum);
}

// Holds the hostile device's advertisement back until the others' have come, then changes it and
// signs it again.
template <typename Change>
void check_advertisement_refused(Fault fault, Change change) {
  World world(group_of_eight());
  std::vector<Advertisement> others;
  world.intercept = [&](World::Packet& packet) {
    if (kind_said(world, packet) != kAdvertisementKind) return true;
    if (packet.device != kHostile) {
      alter_said<Advertisement>(world, packet, [&](auto& said) { others.push_back(said); });
      return true;
    }
    if (others.size() < 7) {
      world.network.push_back(packet);
      return false;
    }
    alter_said<Advertisement>(world, packet, [&](Advertisement& said) {
      const crypto::SigningKeyPair& key = world.devices[kHostile]->signing_key;
      change(said, others);
      if (said.certificate_chain == to_bytes(key.public_key())) {
        said.signature = key.sign(said.signed_digest(world.context.digest()));
      }
    });
    return true;
  };
  world.run();
  CHECK(faults_of(world, kHostile) == std::vector<std::string>{std::string(name_of(fault))});
  check_the_others_completed(world, false);
}

}  // namespace

TEST_CASE("bytes that are no message drop their sender at any step") {
  for (std::size_t kind = 0; kind <= kUnmaskKind; ++kind) {
    const bool stays = kind > kChunkKind;
    check_dropped_for(Fault::kMalformed, kind, stays, [](Bytes& bytes) { bytes.clear(); });
    check_dropped_for(Fault::kMalformed, kind, stays, [](Bytes& bytes) { bytes.pop_back(); });
    check_dropped_for(Fault::kMalformed, kind, stays,
                      [](Bytes& bytes) { bytes.resize(bytes.size() / 2); });
    check_dropped_for(Fault::kMalformed, kind, stays, [](Bytes& bytes) {
      std::mt19937_64 random(5);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
      bytes.front() = 0xff;
    });
    check_dropped_for(Fault::kTooLarge, kind, stays,
                      [](Bytes& bytes) { bytes.resize(std::size_t{2} << 20); });
  }
}

TEST_CASE("a message of any other step is told apart from the step's own") {
  std::vector<Bytes> recorded(5);
  {
    World world(group_of_eight());
    world.intercept = [&](World::Packet& packet) {
      const auto kind = kind_said(world, packet);
      if (packet.device == kHostile && kind) recorded[*kind] = packet.bytes;
      return true;
    };
    world.run();
  }
  for (std::size_t step = 0; step <= kUnmaskKind; ++step) {
    for (std::size_t kind = 0; kind <= kUnmaskKind; ++kind) {
      if (kind == step) continue;
      INFO("step " << step << ", message " << kind);
      World world(group_of_eight());
      attack(world, step, [&](Bytes& bytes) { bytes = recorded[kind]; });
      // An earlier message may be a late copy: its sender is told again where the group stands, and
      // answers. Before there is a roster, the boxes' size cannot be right.
      std::vector<std::string> expected;
      if (kind > step) {
        const bool is_missized = step == 0 && kind == kShareBoxesKind;
        expected.emplace_back(name_of(is_missized ? Fault::kMalformed : Fault::kWrongStep));
      }
      CHECK(faults_of(world, kHostile) == expected);
      check_the_others_completed(world, kind < step || step > kChunkKind);
    }
  }
}

TEST_CASE("a second, different message of a step is a conflict; the same one is not") {
  for (const std::size_t kind :
       {kAdvertisementKind, kShareBoxesKind, kSignatureKind, kUnmaskKind}) {
    for (const bool differs : {false, true}) {
      INFO("message " << kind << (differs ? " differs" : " repeated"));
      World world(group_of_eight());
      world.intercept = [&, done = false](World::Packet& packet) mutable {
        if (done || packet.device != kHostile || kind_said(world, packet) != kind) return true;
        done = true;
        World::Packet again = packet;
        // A field that this version does not know makes other bytes of the same meaning.
        if (differs) again.bytes.insert(again.bytes.end(), {0xfa, 0x06, 0x00});
        world.deliver(packet);
        world.deliver(again);
        return false;
      };
      world.run();
      const std::vector<std::string> expected(differs ? 1 : 0,
                                              std::string(name_of(Fault::kConflict)));
      CHECK(faults_of(world, kHostile) == expected);
      check_the_others_completed(world, !differs || kind > kChunkKind);
    }
  }
}

TEST_CASE("an advertisement is admitted only with a certificate, a signature and keys of its own") {
  check_advertisement_refused(Fault::kBadCertificate, [](Advertisement& said, const auto&) {
    said.certificate_chain.push_back(0);
  });
  check_advertisement_refused(Fault::kBadSignature, [](Advertisement& said, const auto& others) {
    said.certificate_chain = others[0].certificate_chain;
  });
  check_advertisement_refused(Fault::kDuplicate,
                              [](Advertisement& said, const auto& others) { said = others[0]; });
  check_advertisement_refused(Fault::kDuplicate, [](Advertisement& said, const auto& others) {
    said.channel_key = others[3].channel_key;
  });
  check_advertisement_refused(Fault::kDuplicate, [](Advertisement& said, const auto& others) {
    said.mask_key = others[3].channel_key;
  });
  check_advertisement_refused(Fault::kDuplicate, [](Advertisement& said, const auto&) {
    said.mask_key = said.channel_key;
  });
  check_advertisement_refused(Fault::kBadKey,
                              [](Advertisement& said, const auto&) { said.channel_key = {}; });
  check_advertisement_refused(Fault::kBadKey,
                              [](Advertisement& said, const auto&) { said.mask_key = {1}; });
  check_dropped_for(Fault::kBadSignature, kSignatureKind, true,
                    [](Bytes& bytes) { bytes[20] ^= 1; });
}

TEST_CASE("a chunk that is not of the masked vector's shape drops its sender and leaves no trace") {
  const auto chunk = [](std::uint32_t index, std::size_t size, std::uint8_t last) {
    return [=](Bytes& bytes) {
      wire::ChunkMessage out = wire::chunk_message(index, size);
      if (size > 0) out.data[size - 1] = last;
      bytes = out.message;
    };
  };
  const auto check = [&](auto change) {
    check_dropped_for(Fault::kWrongLength, kChunkKind, false, change);
  };
  check(chunk(0, 124, 0));
  check(chunk(0, 126, 0));
  check(chunk(0, 0, 0));
  check(chunk(1, 15, 0));
  check(chunk(1, 17, 0));
  check(chunk(2, 125, 0));
  check(chunk(0xffffffff, 125, 0));

  WorldOptions odd = group_of_eight();
  odd.shape.length = 51;  // 1,020 bits: four of the last byte are padding
  World world(odd);
  attack(world, kChunkKind, chunk(0, 128, 0x80));
  CHECK(faults_of(world, kHostile) == std::vector<std::string>{"chunk of the wrong length"});
  check_the_others_completed(world, false);
}

TEST_CASE("a part of a masked vector leaves no trace, nor do two chunks of one index") {
  for (const std::uint32_t sent : {0u, 1u}) {
    World world(group_of_eight());
    world.intercept = [&](World::Packet& packet) {
      if (packet.device != kHostile || kind_said(world, packet) != kChunkKind) return true;
      const auto message = wire::decode_device_message(packet.bytes, 7);
      return std::get<wire::MaskedChunk>(*message).index == sent;
    };
    world.run();
    CHECK(faults_of(world, kHostile) == std::vector<std::string>{"late"});
    check_the_others_completed(world, false);
  }
  World world(group_of_eight());
  world.intercept = [&, done = false](World::Packet& packet) mutable {
    if (done || packet.device != kHostile || kind_said(world, packet) != kChunkKind) return true;
    done = true;
    world.deliver(packet);
    packet.bytes.back() ^= 1;
    return true;
  };
  world.run();
  CHECK(faults_of(world, kHostile) == std::vector<std::string>{"second, different message"});
  check_the_others_completed(world, false);
}

TEST_CASE("a device that breaks the protocol after its vector was folded stays in the sum") {
  World world(group_of_eight());
  world.intercept = [&, chunks = 0](World::Packet& packet) mutable {
    if (packet.device != kHostile || kind_said(world, packet) != kChunkKind || ++chunks < 2) {
      return true;
    }
    world.deliver(packet);
    packet.bytes = {0xff};
    return true;
  };
  world.run();
  CHECK(faults_of(world, kHostile) == std::vector<std::string>{"malformed message"});
  check_the_others_completed(world, true);
}

namespace {

// The devices at these positions give wrong shares. The result is how often each is named.
std::map<Position, int> give_wrong_shares(World& world, const std::set<Position>& liars,
                                          bool canonical = true) {
  world.intercept = [&, canonical](World::Packet& packet) {
    if (kind_said(world, packet) != kUnmaskKind) return true;
    if (!liars.contains(position_of(world, packet.device))) return true;
    return alter_said<wire::UnmaskShares>(world, packet, [&](wire::UnmaskShares& said) {
      const MutableByteView shares = said.shares.reveal_mutable();
      for (std::size_t at = 0; at < shares.size(); at += wire::kShareBytes) {
        shares[at] ^= 1;
        if (!canonical) shares[at + 31] = 0xff;
      }
    });
  };
  world.run();
  std::map<Position, int> named;
  for (const auto& dropped : world.dropped) {
    if (dropped.fault == Fault::kWrongShare) ++named[position_of(world, dropped.device)];
  }
  return named;
}

WorldOptions group_of_ten() {
  WorldOptions options = group_of_eight();
  options.devices =
      10;  // nine shares of each seed, so with a threshold of 4 two wrong ones can be corrected
  options.degree = 9;
  return options;
}

}  // namespace

TEST_CASE("up to floor((r - t) / 2) wrong shares of a seed are corrected, and named") {
  for (const std::set<Position>& liars : {std::set<Position>{9}, {9, 8}, {0, 9}, {7, 9}}) {
    World world(group_of_ten());
    const auto named = give_wrong_shares(world, liars);
    REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
    CHECK(world.coordinator->sum() == world.plain_sum(world.coordinator->survivors()));
    CHECK(world.coordinator->survivors().size() == 10);
    for (const auto& [position, times] : named) {
      CHECK(liars.contains(position));
      CHECK(times == 1);
    }
    CHECK(named.contains(9));
  }
}

TEST_CASE("more wrong shares end the group by name, and nobody is blamed who told the truth") {
  World world(group_of_ten());
  const auto named = give_wrong_shares(world, {7, 8, 9});
  REQUIRE(world.coordinator->step() == CoordinatorStep::kAborted);
  CHECK(name_of(*world.coordinator->abort_reason()) == name_of(AbortReason::kWrongShares));
  CHECK(named.empty());
}

TEST_CASE("a share that is no field element drops its sender, and the others' are enough") {
  World world(group_of_ten());
  CHECK(give_wrong_shares(world, {3, 8, 9}, false) ==
        std::map<Position, int>{{3, 1}, {8, 1}, {9, 1}});
  REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
  CHECK(world.coordinator->sum() == world.plain_sum(world.coordinator->survivors()));
}

namespace {

// The hostile device deals shares of its own choice: `deal(threshold, holders)` gives them for its
// self-mask seed.
template <typename Deal>
void deal_instead(World& world, Deal deal) {
  wire::Roster roster;
  world.intercept = [&world, deal, roster](World::Packet& packet) mutable {
    if (packet.device != kHostile) return true;
    alter_told<wire::Roster>(world, packet, [&](wire::Roster& told) { roster = told; });
    alter_said<wire::ShareBoxes>(world, packet, [&](wire::ShareBoxes& said) {
      const client::Keys keys = keys_of(world, kHostile);
      const NeighbourGraph graph(roster.parameters);
      const Digest digest =
          roster_digest(world.context.digest(), roster.parameters, roster.digests);
      std::vector<crypto::HolderPosition> holders;
      for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
        holders.push_back(
            static_cast<crypto::HolderPosition>(graph.neighbour(roster.position, slot)));
      }
      auto shares = deal(roster.parameters.threshold, holders);
      said.boxes.clear();
      for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
        const auto agreed = keys.channel.agree(roster.neighbours[slot].channel_key);
        const HeldShares held{shares[slot].clone(), shares[slot].clone()};
        const Bytes box = seal_box(box_key(digest, roster.position, holders[slot], *agreed), held);
        said.boxes.insert(said.boxes.end(), box.begin(), box.end());
      }
    });
    return true;
  };
  world.run();
}

}  // namespace

TEST_CASE("a dealer of shares of another seed than it committed to is named") {
  World world(group_of_eight());
  crypto::InsecureSeededRandom random(9);
  deal_instead(world, [&](std::size_t threshold, const auto& holders) {
    return crypto::split(crypto::shareable_seed(random), threshold, holders, random);
  });
  REQUIRE(world.coordinator->step() == CoordinatorStep::kAborted);
  CHECK(name_of(*world.coordinator->abort_reason()) == name_of(AbortReason::kWrongShares));
  CHECK(faults_of(world, kHostile) == std::vector<std::string>{"wrong share"});
  CHECK(world.dropped.size() == 1);
}

TEST_CASE("a dealer of shares that fit together nowhere ends the group, and no holder is blamed") {
  World world(group_of_eight());
  crypto::InsecureSeededRandom random(9);
  deal_instead(world, [&](std::size_t, const auto& holders) {
    std::vector<crypto::Share> shares;
    for (std::size_t i = 0; i < holders.size(); ++i) {
      shares.push_back(crypto::shareable_seed(random));
    }
    return shares;
  });
  REQUIRE(world.coordinator->step() == CoordinatorStep::kAborted);
  CHECK(name_of(*world.coordinator->abort_reason()) == name_of(AbortReason::kWrongShares));
  for (const auto& dropped : world.dropped) CHECK(dropped.device == kHostile);
}

TEST_CASE("a refusal comes with the neighbour that it blames") {
  World world(group_of_eight());
  world.intercept = [&](World::Packet& packet) {
    if (packet.device == kHostile) {
      alter_said<wire::ShareBoxes>(world, packet, [](auto& said) { said.boxes[5] ^= 1; });
    }
    return true;
  };
  world.run();
  REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
  const DeviceHandle victim = *world.coordinator->device_at(
      NeighbourGraph(parameters_of(world)).neighbour(position_of(world, kHostile), 0));
  REQUIRE(world.dropped.size() == 1);
  CHECK(world.dropped[0].device == victim);
  CHECK(name_of(world.dropped[0].fault) == name_of(Fault::kRefused));
  CHECK(name_of(*world.dropped[0].refusal) == name_of(Refusal::kBoxDoesNotOpen));
  CHECK(world.dropped[0].neighbour == kHostile);
  check_the_others_completed(world, false, victim);
}

TEST_CASE("a message of a stranger after the roster stands changes nothing") {
  World world(group_of_eight());
  world.intercept = [&, done = false](World::Packet& packet) mutable {
    if (done || kind_said(world, packet) != kChunkKind) return true;
    done = true;
    const auto effects = world.coordinator->receive(77, packet.bytes);
    CHECK(effects.size() == 1);
    const auto told = wire::decode_coordinator_message(*world.coordinator->message_for(77), {});
    CHECK(name_of(std::get<wire::Dismissed>(*told).fault) == name_of(Fault::kNotAMember));
    return true;
  };
  world.run();
  CHECK(world.dropped.empty());
  check_the_others_completed(world, true);
}
