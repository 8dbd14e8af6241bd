#include <map>

#include "support/catch.h"
#include "support/secagg_attack.h"

// Lies about who survived, two answers asked of one device, and messages at the wrong step.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

constexpr DeviceHandle kVictim = 0;

WorldOptions small_group(std::uint32_t devices = 6, std::uint32_t threshold = 4) {
  WorldOptions options;
  options.devices = devices;
  options.degree = devices - 1;
  options.threshold = threshold;
  options.shape = {20, 50, 2};
  return options;
}

std::string name(Refusal refusal) { return std::string(name_of(refusal)); }

std::string ending_of(const ClientSession& session) {
  if (!session.outcome()) return "goes on";
  const ClientOutcome& outcome = *session.outcome();
  if (outcome.refusal) return name(*outcome.refusal);
  if (outcome.kind == ClientOutcome::Kind::kContributed) return "contributed";
  return outcome.kind == ClientOutcome::Kind::kAborted ? "aborted" : "dismissed";
}

// The coordinator's messages to one device in a run without faults, by kind: roster, boxes,
// survivors, request, completed.
std::vector<Bytes> honest_messages(const WorldOptions& options, DeviceHandle device) {
  World world(options);
  std::vector<Bytes> messages;
  world.intercept = [&](World::Packet& packet) {
    if (!packet.to_coordinator && packet.device == device) messages.push_back(packet.bytes);
    return true;
  };
  world.run();
  REQUIRE(messages.size() == 5);
  return messages;
}

// The same device once more, after the first `count` of those messages.
struct Replayed {
  Replayed(const WorldOptions& options, const std::vector<Bytes>& messages, std::size_t count)
      : world(options) {
    keep(session().start());
    for (std::size_t i = 0; i < count; ++i) keep(session().receive(messages[i]));
  }
  ClientSession& session() { return *world.devices[kVictim]->session; }
  std::vector<ClientEffect> receive(ByteView message) { return session().receive(message); }
  void restart() {
    auto restored = ClientSession::restore(world.devices[kVictim]->options, journal);
    REQUIRE(restored.has_value());
    world.devices[kVictim]->session.emplace(std::move(*restored));
    session().start();
  }
  std::string ending() { return ending_of(session()); }

  World world;
  std::vector<Bytes> journal;

 private:
  void keep(std::vector<ClientEffect> effects) {
    for (auto& effect : effects) {
      if (auto* save = std::get_if<client_effect::Save>(&effect)) {
        journal.push_back(to_bytes(save->record.reveal()));
      }
    }
  }
};

// What the device sends is a refusal, the last thing it does.
void check_refused(Replayed& device, const std::vector<ClientEffect>& effects, Refusal refusal) {
  CHECK(device.ending() == name(refusal));
  CHECK(wire::decode_device_message(sent_by(effects), 64)->index() == kRefuseKind);
  CHECK(std::holds_alternative<client_effect::Finished>(effects.back()));
  for (const auto& effect : effects) {
    CHECK_FALSE(std::holds_alternative<client_effect::Save>(effect));
    CHECK_FALSE(std::holds_alternative<client_effect::SendMaskedInput>(effect));
  }
  CHECK_FALSE(device.session().masked_chunk(0).has_value());
}

Bytes survivors_without(std::uint32_t devices, std::initializer_list<Position> missing) {
  Bitmap survivors(devices);
  for (Position position = 0; position < devices; ++position) {
    if (std::ranges::find(missing, position) == missing.end()) survivors.insert(position);
  }
  return wire::encode(wire::Survivors{survivors});
}

Position victim_position(const std::vector<Bytes>& messages) {
  return std::get<wire::Roster>(*wire::decode_coordinator_message(messages[0], {})).position;
}

}  // namespace

TEST_CASE("every message in every phase is answered: refused, repeated, or taken") {
  const WorldOptions options = small_group();
  const std::vector<Bytes> messages = honest_messages(options, kVictim);
  constexpr std::size_t kCompleted = 4;
  constexpr std::size_t kAborted = 5;
  constexpr std::size_t kDismissed = 6;
  for (std::size_t phase = 0; phase <= 5; ++phase) {
    for (std::size_t kind = 0; kind <= kDismissed; ++kind) {
      INFO("phase " << phase << ", message " << kind);
      Replayed device(options, messages, phase);
      const Bytes message = kind == kAborted ? wire::encode(wire::Aborted{AbortReason::kStopped})
                            : kind == kDismissed ? wire::encode(wire::Dismissed{Fault::kLate})
                                                 : messages[kind];
      const auto effects = device.receive(message);
      if (phase == 5) {
        CHECK(device.ending() == "contributed");
        CHECK(effects.empty());
      } else if (kind == kAborted) {
        CHECK(device.ending() == "aborted");
      } else if (kind == kDismissed) {
        CHECK(device.ending() == "dismissed");
      } else if (kind == kCompleted && phase >= 2) {
        CHECK(device.ending() == "contributed");  // it may have been late to agree or to answer
      } else if (kind <= phase) {
        CHECK(device.ending() == "goes on");
      } else {
        // Without a roster it cannot tell the sizes that the messages of later steps must have.
        const bool is_sized = kind < 4;
        check_refused(device, effects,
                      phase == 0 && is_sized ? Refusal::kMalformed : Refusal::kWrongStep);
      }
    }
  }
}

TEST_CASE("a second message of a step that differs is refused by name, after a restart too") {
  const WorldOptions options = small_group();
  const std::vector<Bytes> messages = honest_messages(options, kVictim);
  const GroupParameters parameters{6, 5, 4};
  const Position own = victim_position(messages);

  wire::Roster roster =
      std::get<wire::Roster>(*wire::decode_coordinator_message(messages[0], parameters));
  roster.parameters.threshold = 3;
  auto boxes =
      std::get<wire::NeighbourBoxes>(*wire::decode_coordinator_message(messages[1], parameters));
  boxes.shared = Bitmap(5);
  for (std::size_t slot = 0; slot < 4; ++slot) boxes.shared.insert(slot);
  boxes.boxes.resize(4 * wire::kBoxBytes);
  auto request =
      std::get<wire::UnmaskRequest>(*wire::decode_coordinator_message(messages[3], parameters));
  request.signatures[0][0] ^= 1;
  const std::vector<Bytes> second{wire::encode(roster), wire::encode(boxes),
                                  survivors_without(6, {(own + 1) % 6}), wire::encode(request)};
  const std::vector<Refusal> expected{Refusal::kTwoRosters, Refusal::kTwoShareSets,
                                      Refusal::kTwoSurvivorSets, Refusal::kSecondUnmasking};
  for (std::size_t kind = 0; kind < 4; ++kind) {
    for (std::size_t phase = kind + 1; phase <= 4; ++phase) {
      for (const bool restarts : {false, true}) {
        INFO("message " << kind << " again after " << phase << (restarts ? ", restarted" : ""));
        Replayed device(options, messages, phase);
        if (restarts) device.restart();
        const auto effects = device.receive(second[kind]);
        check_refused(device, effects, expected[kind]);
      }
    }
  }
}

TEST_CASE("the same request to unmask gets the same bytes, after a restart too") {
  const WorldOptions options = small_group();
  const std::vector<Bytes> messages = honest_messages(options, kVictim);
  Replayed device(options, messages, 3);
  const Bytes first = sent_by(device.receive(messages[3]));
  CHECK(sent_by(device.receive(messages[3])) == first);
  Replayed other(options, messages, 4);
  other.restart();
  CHECK(sent_by(other.receive(messages[3])) == first);
}

TEST_CASE("a survivor set that breaks the policy or what the device saw is refused") {
  WorldOptions options = small_group();
  options.keep_policy = true;
  options.policy = {2, 5, 0, false, 40};
  const std::vector<Bytes> messages = honest_messages(options, kVictim);
  const Position own = victim_position(messages);
  const auto other = [&](std::uint32_t ahead) { return (own + ahead) % 6; };
  Replayed device(options, messages, 2);
  SECTION("at the policy's minimum") {
    const auto effects = device.receive(survivors_without(6, {other(1)}));
    CHECK(device.ending() == "goes on");
    CHECK(wire::decode_device_message(sent_by(effects), 5)->index() == kSignatureKind);
  }
  SECTION("under the policy's minimum") {
    const auto effects = device.receive(survivors_without(6, {other(1), other(3)}));
    check_refused(device, effects, Refusal::kTooFewSurvivors);
  }
  SECTION("without the device itself: it ends without a word") {
    CHECK(sent_by(device.receive(survivors_without(6, {own}))).empty());
    CHECK(device.ending() == "dismissed");
  }
  SECTION("under the threshold") {
    WorldOptions lax = small_group();
    Replayed again(lax, honest_messages(lax, kVictim), 2);
    const auto effects = again.receive(survivors_without(6, {other(1), other(2), other(3)}));
    check_refused(again, effects, Refusal::kTooFewSurvivors);
  }
}

TEST_CASE("a survivor that never shared is refused, and named") {
  WorldOptions options = small_group();
  options.vanish = {Vanish::kNever, Vanish::kShare};
  World world(options);
  bool lied = false;
  world.intercept = [&](World::Packet& packet) {
    if (packet.device == kVictim) {
      lied |= alter_told<wire::Survivors>(
          world, packet, [&](auto& message) { message.survivors.insert(position_of(world, 1)); });
    }
    return true;
  };
  world.run();
  CHECK(lied);
  CHECK(ending_of(*world.devices[kVictim]->session) == name(Refusal::kNotASurvivor));
  CHECK(world.devices[kVictim]->session->outcome()->neighbour == position_of(world, 1));
}

TEST_CASE("signatures that are not over this survivor set, or too few, get no shares") {
  const WorldOptions options = small_group();
  const std::vector<Bytes> messages = honest_messages(options, kVictim);
  const GroupParameters parameters{6, 5, 4};
  const Position own = victim_position(messages);
  const auto roster =
      std::get<wire::Roster>(*wire::decode_coordinator_message(messages[0], parameters));
  auto request =
      std::get<wire::UnmaskRequest>(*wire::decode_coordinator_message(messages[3], parameters));
  Replayed device(options, messages, 3);
  const auto signer = [&](std::uint32_t slot) -> const crypto::SigningKeyPair& {
    for (const auto& other : device.world.devices) {
      if (std::ranges::equal(other->signing_key.public_key(),
                             roster.neighbours[slot].certificate_chain)) {
        return other->signing_key;
      }
    }
    return device.world.devices[kVictim]->signing_key;
  };
  const Digest digest = roster_digest(device.world.context.digest(), parameters, roster.digests);
  Bitmap everyone(6);
  for (Position position = 0; position < 6; ++position) everyone.insert(position);
  Refusal expected = Refusal::kBadSurvivorSignature;
  SECTION("of another survivor set") {
    Bitmap fewer(6);
    for (Position position = 0; position < 5; ++position) fewer.insert((own + position) % 6);
    request.signatures[1] = signer(1).sign(survivors_digest(digest, fewer.bytes()));
  }
  SECTION("of another group") {
    GroupContext other = device.world.context;
    ++other.group;
    const Digest its = roster_digest(other.digest(), parameters, roster.digests);
    request.signatures[1] = signer(1).sign(survivors_digest(its, everyone.bytes()));
  }
  SECTION("of another neighbour") { std::swap(request.signatures[0], request.signatures[1]); }
  SECTION("one neighbour's four times") {
    std::ranges::fill(request.signatures, request.signatures[0]);
  }
  SECTION("one fewer than the threshold") {
    request.signers = Bitmap(5);
    for (std::size_t slot = 0; slot < 3; ++slot) request.signers.insert(slot);
    request.signatures.resize(3);
    expected = Refusal::kTooFewSurvivorSignatures;
  }
  SECTION("none") {
    request = {Bitmap(5), {}};
    expected = Refusal::kTooFewSurvivorSignatures;
  }
  const auto effects = device.receive(wire::encode(request));
  check_refused(device, effects, expected);
}

TEST_CASE("the signature of a neighbour that is not a survivor itself counts for nothing") {
  const WorldOptions options = small_group();
  const std::vector<Bytes> messages = honest_messages(options, kVictim);
  const GroupParameters parameters{6, 5, 4};
  const Position own = victim_position(messages);
  const auto roster =
      std::get<wire::Roster>(*wire::decode_coordinator_message(messages[0], parameters));
  Replayed device(options, messages, 2);
  // The neighbour in slot 0 did not survive, and signs all the same.
  Bitmap survivors(6);
  for (Position position = 0; position < 6; ++position) {
    if (position != NeighbourGraph(parameters).neighbour(own, 0)) survivors.insert(position);
  }
  device.receive(wire::encode(wire::Survivors{survivors}));
  REQUIRE(device.ending() == "goes on");
  const Digest digest = roster_digest(device.world.context.digest(), parameters, roster.digests);
  wire::UnmaskRequest request{Bitmap(5), {}};
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    request.signers.insert(slot);
    for (const auto& other : device.world.devices) {
      if (std::ranges::equal(other->signing_key.public_key(),
                             roster.neighbours[slot].certificate_chain)) {
        request.signatures.push_back(
            other->signing_key.sign(survivors_digest(digest, survivors.bytes())));
      }
    }
  }
  REQUIRE(request.signatures.size() == 4);
  const auto effects = device.receive(wire::encode(request));
  check_refused(device, effects, Refusal::kBadSurvivorSignature);
}

namespace {

struct Assembled {
  std::size_t self_mask_shares = 0;
  std::size_t mask_shares = 0;
};

// A group whose last device is the coordinator's accomplice, which signs anything and gives both of
// its shares. `first` of the honest devices are told that everyone survived, the others that all
// but `target` did. How many shares of each of the target's seeds the coordinator gets.
Assembled split_survivors(std::uint32_t threshold, std::uint32_t first, DeviceHandle target) {
  constexpr std::uint32_t kDevices = 7;
  constexpr DeviceHandle kAccomplice = kDevices - 1;
  World world(small_group(kDevices, threshold));
  world.intercept = [&](World::Packet& packet) {
    return !alter_told<wire::Survivors>(world, packet, [](auto&) {});
  };
  world.start();
  world.settle();
  REQUIRE(world.coordinator->step() == CoordinatorStep::kAgree);

  const GroupParameters parameters = parameters_of(world);
  const NeighbourGraph graph(parameters);
  const auto roster = std::get<wire::Roster>(*wire::decode_coordinator_message(
      *client::read_journal_message(world.devices[kAccomplice]->journal[1]), parameters));
  const Digest digest = roster_digest(world.context.digest(), parameters, roster.digests);
  const auto told = [&](DeviceHandle device) { return device < first ? 0u : 1u; };
  const Bytes sets[] = {survivors_without(kDevices, {}),
                        survivors_without(kDevices, {position_of(world, target)})};
  std::map<DeviceHandle, crypto::Signature> signatures[2];
  for (DeviceHandle device = 0; device < kAccomplice; ++device) {
    const Bytes sent = sent_by(world.devices[device]->session->receive(sets[told(device)]));
    if (sent.empty()) continue;
    signatures[told(device)][device] =
        std::get<wire::SurvivorsSignature>(*wire::decode_device_message(sent, graph.degree()))
            .signature;
  }
  for (std::size_t set = 0; set < 2; ++set) {
    const auto survivors =
        std::get<wire::Survivors>(*wire::decode_coordinator_message(sets[set], parameters));
    signatures[set][kAccomplice] = world.devices[kAccomplice]->signing_key.sign(
        survivors_digest(digest, survivors.survivors.bytes()));
  }
  Assembled shares{1, 1};  // the accomplice's
  for (DeviceHandle device = 0; device < kAccomplice; ++device) {
    if (device == target) continue;
    wire::UnmaskRequest request{Bitmap(graph.degree()), {}};
    for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
      const DeviceHandle other =
          *world.coordinator->device_at(graph.neighbour(position_of(world, device), slot));
      const auto signature = signatures[told(device)].find(other);
      if (signature == signatures[told(device)].end()) continue;
      request.signers.insert(slot);
      request.signatures.push_back(signature->second);
    }
    const Bytes sent = sent_by(world.devices[device]->session->receive(wire::encode(request)));
    if (sent.empty()) continue;
    if (wire::decode_device_message(sent, graph.degree())->index() != kUnmaskKind) continue;
    ++(told(device) == 0 ? shares.self_mask_shares : shares.mask_shares);
  }
  return shares;
}

}  // namespace

TEST_CASE("a coordinator that splits the survivor set never gets both seeds of a device") {
  bool gets_both_under_the_policy = false;
  for (std::uint32_t first = 0; first <= 6; ++first) {
    for (const DeviceHandle target : {0u, 5u}) {
      INFO(first << " devices told that " << target << " survived");
      const Assembled at = split_survivors(4, first, target);  // 2t > k + x: 8 > 6 + 1
      CHECK((at.self_mask_shares < 4 || at.mask_shares < 4));
      const Assembled under = split_survivors(3, first, target);
      gets_both_under_the_policy |= under.self_mask_shares >= 3 && under.mask_shares >= 3;
    }
  }
  CHECK(gets_both_under_the_policy);
  CHECK_FALSE(PrivacyPolicy{2, 2, 0.15, true, 40}.accepts({7, 6, 3}).has_value());
  CHECK(PrivacyPolicy{2, 2, 0.15, true, 40}.accepts({7, 6, 4}).has_value());
}
