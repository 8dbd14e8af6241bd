#include <functional>

#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/secagg_attack.h"

// A coordinator that lies to devices: each lie is refused by name, and what a device says after it
// is of no use.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

constexpr DeviceHandle kVictim = 0;

WorldOptions small_group() {
  WorldOptions options;
  options.devices = 6;
  options.degree = 5;
  options.threshold = 4;
  options.shape = {20, 50, 2};
  return options;
}

struct Verdict {
  bool lied = false;
  std::string refusal;  // its name, or how else it ended
  std::optional<Position> neighbour;
  std::vector<std::size_t> said_after;  // kinds of the victim's messages after the lie
};

std::string ending_of(const ClientSession& session) {
  if (!session.outcome()) return "goes on";
  const ClientOutcome& outcome = *session.outcome();
  if (outcome.refusal) return std::string(name_of(*outcome.refusal));
  if (outcome.kind == ClientOutcome::Kind::kContributed) return "contributed";
  return outcome.kind == ClientOutcome::Kind::kAborted ? "aborted" : "dismissed";
}

std::string name(Refusal refusal) { return std::string(name_of(refusal)); }

// Runs the group with the first `Message` to the victim changed.
template <typename Message, typename Change>
Verdict lie_to_victim(World& world, Change change) {
  Verdict verdict;
  world.intercept = [&](World::Packet& packet) {
    if (packet.device != kVictim) return true;
    if (!verdict.lied) {
      verdict.lied = alter_told<Message>(world, packet, change);
    } else if (const auto kind = kind_said(world, packet)) {
      verdict.said_after.push_back(*kind);
    }
    return true;
  };
  world.run();
  const ClientSession& session = *world.devices[kVictim]->session;
  verdict.refusal = ending_of(session);
  if (session.outcome()) verdict.neighbour = session.outcome()->neighbour;
  return verdict;
}

template <typename Message>
void check_refused_at_once(const WorldOptions& options, Refusal refusal,
                           const std::function<void(Message&)>& change) {
  World world(options);
  const Verdict verdict = lie_to_victim<Message>(world, change);
  CHECK(verdict.lied);
  CHECK(verdict.refusal == name(refusal));
  CHECK(verdict.said_after == std::vector<std::size_t>{kRefuseKind});
}

// Devices that have advertised, with a roster made by hand instead of a coordinator.
struct Lineup {
  explicit Lineup(const WorldOptions& options) : world(options) {
    for (auto& device : world.devices) {
      const auto effects = device->session->start();
      const auto& saved = std::get<client_effect::Save>(effects.front());
      device->journal.push_back(to_bytes(saved.record.reveal()));
      const Bytes sent = sent_by(effects);
      all.push_back(std::get<Advertisement>(*wire::decode_device_message(sent, 0)));
    }
    own = all[kVictim].digest();
  }
  Digest context() const { return world.context.digest(); }
  wire::Roster roster() const {
    return complete_roster(context(), all, own, world.options.threshold);
  }
  void sign(Advertisement& advertisement, DeviceHandle signer) const {
    const crypto::SigningKeyPair& key = world.devices[signer]->signing_key;
    advertisement.certificate_chain = to_bytes(key.public_key());
    advertisement.signature = key.sign(advertisement.signed_digest(context()));
  }
  std::string told(const wire::Roster& roster) {
    ClientSession& session = *world.devices[kVictim]->session;
    sent = sent_by(session.receive(wire::encode(roster)));
    return ending_of(session);
  }

  World world;
  std::vector<Advertisement> all;
  Digest own{};  // of the victim's advertisement
  Bytes sent;
};

class RefusingVerifier final : public IdentityVerifier {
 public:
  explicit RefusingVerifier(Bytes revoked) : revoked_(std::move(revoked)) {}
  Result<crypto::CertifiedIdentity> verify(ByteView chain) override {
    if (std::ranges::equal(chain, revoked_)) return invalid_argument("revoked");
    return trusting_.verify(chain);
  }

 private:
  Bytes revoked_;
  TrustingVerifier trusting_;
};

}  // namespace

TEST_CASE("a device goes on with the roster that the protocol makes") {
  Lineup lineup(small_group());
  CHECK(lineup.told(lineup.roster()) == "goes on");
  CHECK(wire::decode_device_message(lineup.sent, 5)->index() == kShareBoxesKind);
}

TEST_CASE("a neighbour's substituted key is refused however far the lie is carried") {
  Lineup lineup(small_group());
  const DeviceHandle accomplice = 3;
  wire::Roster roster = lineup.roster();
  SECTION("the key alone") {
    roster.neighbours[2].mask_key[0] ^= 1;
    CHECK(lineup.told(roster) == name(Refusal::kKeySubstituted));
    const auto blamed = lineup.world.devices[kVictim]->session->outcome()->neighbour;
    CHECK(blamed == NeighbourGraph(roster.parameters).neighbour(roster.position, 2));
  }
  SECTION("the roster's digest of it too") {
    roster.neighbours[2].mask_key[0] ^= 1;
    roster.digests[NeighbourGraph(roster.parameters).neighbour(roster.position, 2)] =
        roster.neighbours[2].digest();
    CHECK(lineup.told(roster) == name(Refusal::kRosterOrder));
  }
  SECTION("the order as well") {
    lineup.all[accomplice].mask_key[0] ^= 1;
    CHECK(lineup.told(lineup.roster()) == name(Refusal::kBadSignature));
  }
  SECTION("signed by an accomplice that is in the roster already") {
    lineup.all[2].mask_key[0] ^= 1;
    lineup.sign(lineup.all[2], accomplice);
    CHECK(lineup.told(lineup.roster()) == name(Refusal::kDuplicate));
  }
}

TEST_CASE(
    "a neighbour replaced by an outside accomplice for one device only leaves it without boxes "
    "that open") {
  World world(small_group());
  crypto::SigningKeyPair accomplice = crypto::SigningKeyPair::from_seed(SecretKey());
  std::vector<Advertisement> all(world.devices.size());
  bool lied = false;
  world.intercept = [&](World::Packet& packet) {
    alter_said<Advertisement>(world, packet, [&](auto& said) { all[packet.device] = said; });
    if (packet.device == kVictim && !lied) {
      lied = alter_told<wire::Roster>(world, packet, [&](wire::Roster& roster) {
        const Digest own = all[kVictim].digest();
        all[1].certificate_chain = to_bytes(accomplice.public_key());
        all[1].signature = accomplice.sign(all[1].signed_digest(world.context.digest()));
        roster = complete_roster(world.context.digest(), all, own, roster.parameters.threshold);
      });
    }
    return true;
  };
  world.run();
  CHECK(lied);
  CHECK(ending_of(*world.devices[kVictim]->session) == name(Refusal::kBoxDoesNotOpen));
  for (DeviceHandle other = 1; other < 6; ++other) {
    CHECK(ending_of(*world.devices[other]->session) == name(Refusal::kBoxDoesNotOpen));
  }
  CHECK(world.coordinator->step() == CoordinatorStep::kAborted);
}

TEST_CASE("a device that is not where the roster says refuses") {
  Lineup lineup(small_group());
  wire::Roster roster = lineup.roster();
  SECTION("moved") { roster.position = (roster.position + 1) % 6; }
  SECTION("altered") { roster.digests[roster.position][5] ^= 4; }
  CHECK(lineup.told(roster) == name(Refusal::kNotInRoster));
}

TEST_CASE("whoever is in a roster twice is found") {
  Lineup lineup(small_group());
  SECTION("a neighbour") { lineup.all[2] = lineup.all[4]; }
  SECTION("the device itself") { lineup.all[2] = lineup.all[kVictim]; }
  SECTION("an identity with other keys") { lineup.sign(lineup.all[2], 4); }
  SECTION("the device's own identity with other keys") { lineup.sign(lineup.all[2], kVictim); }
  SECTION("a channel key") {
    lineup.all[2].channel_key = lineup.all[4].channel_key;
    lineup.sign(lineup.all[2], 2);
  }
  SECTION("a mask key that is the device's channel key") {
    lineup.all[2].mask_key = lineup.all[kVictim].channel_key;
    lineup.sign(lineup.all[2], 2);
  }
  CHECK(lineup.told(lineup.roster()) == name(Refusal::kDuplicate));
}

TEST_CASE("an order that the coordinator chose is refused") {
  Lineup lineup(small_group());
  wire::Roster roster = lineup.roster();
  const Position a = (roster.position + 1) % 6;
  const Position b = (roster.position + 3) % 6;
  std::swap(roster.digests[a], roster.digests[b]);
  std::swap(roster.neighbours[0], roster.neighbours[2]);
  CHECK(lineup.told(roster) == name(Refusal::kRosterOrder));
}

TEST_CASE("a cohort under the policy is refused, one at it is not") {
  WorldOptions options = small_group();
  options.keep_policy = true;
  options.policy = {6, 4, 0, true, 40};
  Lineup lineup(options);
  SECTION("one device fewer") {
    lineup.all.pop_back();
    CHECK(lineup.told(lineup.roster()) == name(Refusal::kCohortTooSmall));
  }
  SECTION("as many") { CHECK(lineup.told(lineup.roster()) == "goes on"); }
}

TEST_CASE("a degree or threshold under the policy is refused") {
  WorldOptions options = small_group();
  options.devices = 12;
  options.degree = 11;
  options.keep_policy = true;
  options.policy = {6, 4, 0.25, true, 40};
  options.threshold = 8;  // 2t > k + C
  SECTION("as asked for") {
    Lineup lineup(options);
    CHECK(lineup.told(lineup.roster()) == "goes on");
  }
  SECTION("threshold") {
    options.threshold = 7;
    Lineup lineup(options);
    CHECK(lineup.told(lineup.roster()) == name(Refusal::kParametersTooWeak));
  }
  SECTION("degree") {
    Lineup lineup(options);
    wire::Roster roster = lineup.roster();
    roster.parameters = {12, 2, 2};
    roster.neighbours.resize(2);
    CHECK(lineup.told(roster) == name(Refusal::kParametersTooWeak));
  }
}

TEST_CASE("a neighbour whose certificate is bad or revoked is refused") {
  Lineup lineup(small_group());
  SECTION("bad") {
    lineup.all[2].certificate_chain.pop_back();
    CHECK(lineup.told(lineup.roster()) == name(Refusal::kBadCertificate));
  }
  SECTION("revoked") {
    RefusingVerifier verifier(lineup.all[2].certificate_chain);
    auto& device = *lineup.world.devices[kVictim];
    ClientOptions options = device.options;
    options.verifier = &verifier;
    auto session = ClientSession::restore(options, device.journal);
    REQUIRE(session.has_value());
    device.session.emplace(std::move(*session));
    CHECK(lineup.told(lineup.roster()) == name(Refusal::kBadCertificate));
  }
}

TEST_CASE("devices that were told different things refuse one another's signatures") {
  Lineup lineup(small_group());
  const auto advertise = [&](auto change) {
    auto& other = *lineup.world.devices[2];
    ClientOptions options = other.options;
    change(options.context);
    const ring::RingVector update = ring::RingVector::zeros(options.context.shape);
    options.update = &update;
    RoundLedger ledger;
    crypto::InsecureSeededRandom random(99);
    auto session = ClientSession::create(options, ledger, random);
    REQUIRE(session.has_value());
    lineup.all[2] =
        std::get<Advertisement>(*wire::decode_device_message(sent_by(session->start()), 0));
  };
  std::string expected = name(Refusal::kBadSignature);
  SECTION("nothing differs") {
    advertise([](GroupContext&) {});
    expected = "goes on";
  }
  SECTION("task") {
    advertise([](GroupContext& context) { context.task += "2"; });
  }
  SECTION("round") {
    advertise([](GroupContext& context) { ++context.round; });
  }
  SECTION("group") {
    advertise([](GroupContext& context) { ++context.group; });
  }
  SECTION("plan") {
    advertise([](GroupContext& context) { context.plan[31] ^= 1; });
  }
  SECTION("model") {
    advertise([](GroupContext& context) { context.model[0] ^= 1; });
  }
  SECTION("ring") {
    advertise([](GroupContext& context) { ++context.shape.bits; });
  }
  SECTION("length") {
    advertise([](GroupContext& context) { ++context.shape.length; });
  }
  SECTION("counters") {
    advertise([](GroupContext& context) { ++context.shape.counters; });
  }
  CHECK(lineup.told(lineup.roster()) == expected);
}

TEST_CASE("masks of two devices cancel in one context and not across two") {
  const auto a = crypto::AgreementKeyPair::from_secret(SecretKey(std::array<std::uint8_t, 32>{1}));
  const auto b = crypto::AgreementKeyPair::from_secret(SecretKey(std::array<std::uint8_t, 32>{2}));
  const auto left_over = [&](const GroupContext& of_a, const GroupContext& of_b) {
    const GroupParameters parameters{2, 1, 1};
    const std::vector<Digest> digests(2);
    std::vector<std::uint32_t> lanes(64);
    crypto::MaskExpander expander;
    expander.add(pairwise_mask_key(roster_digest(of_a.digest(), parameters, digests), 0, 1,
                                   *a.agree(b.public_key())),
                 kElementSegment, 0, std::span(lanes));
    expander.subtract(pairwise_mask_key(roster_digest(of_b.digest(), parameters, digests), 1, 0,
                                        *b.agree(a.public_key())),
                      kElementSegment, 0, std::span(lanes));
    return std::ranges::count_if(lanes, [](std::uint32_t lane) { return lane != 0; });
  };
  GroupContext seen{"digits", 7, 0, {}, {}, {32, 64, 0}};
  CHECK(left_over(seen, seen) == 0);
  GroupContext other = seen;
  other.model[3] = 1;
  CHECK(left_over(seen, other) > 60);
  other = seen;
  other.plan[3] = 1;
  CHECK(left_over(seen, other) > 60);
  other = seen;
  other.round = 8;
  CHECK(left_over(seen, other) > 60);
}

TEST_CASE("boxes that are not the ones its neighbours sealed for it are refused") {
  const auto at = [](wire::NeighbourBoxes& message, std::size_t slot) {
    return MutableByteView(message.boxes).subspan(slot * wire::kBoxBytes, wire::kBoxBytes);
  };
  SECTION("swapped") {
    check_refused_at_once<wire::NeighbourBoxes>(
        small_group(), Refusal::kBoxDoesNotOpen, [&](wire::NeighbourBoxes& message) {
          std::ranges::swap_ranges(at(message, 1), at(message, 3));
        });
  }
  SECTION("one bit flipped") {
    for (const std::size_t byte : {0u, 31u, 32u, 63u, 64u, 79u}) {
      check_refused_at_once<wire::NeighbourBoxes>(
          small_group(), Refusal::kBoxDoesNotOpen,
          [&](wire::NeighbourBoxes& message) { at(message, 4)[byte] ^= 0x10; });
    }
  }
  SECTION("fewer than the threshold") {
    check_refused_at_once<wire::NeighbourBoxes>(small_group(), Refusal::kTooFewShared,
                                                [&](wire::NeighbourBoxes& message) {
                                                  message.shared = Bitmap(5);
                                                  for (std::size_t slot = 0; slot < 3; ++slot)
                                                    message.shared.insert(slot);
                                                  message.boxes.resize(3 * wire::kBoxBytes);
                                                });
  }
  SECTION("its own") {
    Bytes own;
    World world(small_group());
    bool lied = false;
    world.intercept = [&](World::Packet& packet) {
      if (packet.device != kVictim) return true;
      alter_said<wire::ShareBoxes>(world, packet, [&](auto& said) { own = said.boxes; });
      lied |= alter_told<wire::NeighbourBoxes>(world, packet, [&](auto& m) { m.boxes = own; });
      return true;
    };
    world.run();
    CHECK(lied);
    CHECK(ending_of(*world.devices[kVictim]->session) == name(Refusal::kBoxDoesNotOpen));
  }
}

TEST_CASE("a box that was sealed for another roster does not open, and its sender is named") {
  World world(small_group());
  bool lied = false;
  world.intercept = [&](World::Packet& packet) {
    if (packet.device == 1 && !lied) {
      lied = alter_told<wire::Roster>(world, packet, [](auto& m) { ++m.parameters.threshold; });
    }
    return true;
  };
  world.run();
  CHECK(lied);
  const auto& outcome = world.devices[kVictim]->session->outcome();
  CHECK(ending_of(*world.devices[kVictim]->session) == name(Refusal::kBoxDoesNotOpen));
  CHECK(outcome->neighbour == position_of(world, 1));
}

TEST_CASE("the ledger knows a replayed round after it was on disk") {
  World world(small_group());
  auto& device = *world.devices[kVictim];
  RoundLedger ledger = *RoundLedger::from_bytes(device.ledger.to_bytes());
  crypto::InsecureSeededRandom random(99);
  const auto enter = [&](std::uint64_t round, std::uint32_t group) {
    ClientOptions options = device.options;
    options.context.round = round;
    options.context.group = group;
    return ClientSession::create(options, ledger, random).has_value();
  };
  CHECK_FALSE(enter(7, 0));
  CHECK_FALSE(enter(7, 1));
  CHECK_FALSE(enter(6, 0));
  CHECK(enter(9, 0));
  CHECK_FALSE(enter(8, 0));
  ledger = *RoundLedger::from_bytes(ledger.to_bytes());
  CHECK_FALSE(enter(9, 0));
  CHECK(enter(10, 0));
}
