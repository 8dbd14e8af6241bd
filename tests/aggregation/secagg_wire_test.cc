#include <random>

#include "covey/crypto/digest.h"
#include "support/catch.h"
#include "support/secagg_attack.h"

// The bytes of secure aggregation's messages: what goes in comes out, nothing else gets in, and
// none of it changes silently.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

constexpr GroupParameters kGroup{6, 5, 3};

template <std::size_t N>
std::array<std::uint8_t, N> counting(std::uint8_t first) {
  std::array<std::uint8_t, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

Bytes counting_bytes(std::size_t size, std::uint8_t first) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

Advertisement advertisement(std::uint8_t first) {
  return {counting<32>(first), counting<32>(static_cast<std::uint8_t>(first + 1)),
          counting<32>(static_cast<std::uint8_t>(first + 2)), counting_bytes(first + 40u, 9),
          counting<64>(static_cast<std::uint8_t>(first + 3))};
}

Bitmap set_of(std::size_t size, std::initializer_list<std::size_t> members) {
  Bitmap out(size);
  for (const std::size_t member : members) out.insert(member);
  return out;
}

wire::Roster roster() {
  wire::Roster out{kGroup, 4, {}, {}};
  for (std::uint8_t i = 0; i < 6; ++i) out.digests.push_back(counting<32>(i));
  for (std::uint8_t i = 0; i < 5; ++i) out.neighbours.push_back(advertisement(i));
  return out;
}

Bytes chunk(std::uint32_t index, std::size_t size) {
  wire::ChunkMessage out = wire::chunk_message(index, size);
  std::ranges::copy(counting_bytes(size, 3), out.data.begin());
  return out.message;
}

// One message of each kind, in the order of the variant.
std::vector<Bytes> device_messages() {
  return {wire::encode(advertisement(7)),
          wire::encode(wire::ShareBoxes{counting_bytes(5 * 80, 1)}),
          chunk(1, 300),
          wire::encode(wire::SurvivorsSignature{counting<64>(2)}),
          wire::encode(wire::UnmaskShares{SecretBytes(ByteView(counting_bytes(96, 5)))}),
          wire::encode(wire::Refuse{Refusal::kBoxDoesNotOpen, 4})};
}

std::vector<Bytes> coordinator_messages() {
  return {wire::encode(roster()),
          wire::encode(wire::NeighbourBoxes{set_of(5, {0, 2, 4}), counting_bytes(3 * 80, 1)}),
          wire::encode(wire::Survivors{set_of(6, {0, 1, 5})}),
          wire::encode(wire::UnmaskRequest{set_of(5, {1, 3}), {counting<64>(1), counting<64>(2)}}),
          wire::encode(wire::Completed{counting<32>(8)}),
          wire::encode(wire::Aborted{AbortReason::kTooFewShares}),
          wire::encode(wire::Dismissed{Fault::kConflict})};
}

Bytes encoded_again(const wire::DeviceMessage& message) {
  return std::visit(
      []<typename Message>(const Message& body) {
        if constexpr (std::is_same_v<Message, wire::MaskedChunk>) {
          wire::ChunkMessage out = wire::chunk_message(body.index, body.data.size());
          std::ranges::copy(body.data, out.data.begin());
          return out.message;
        } else {
          return wire::encode(body);
        }
      },
      message);
}

Bytes encoded_again(const wire::CoordinatorMessage& message) {
  return std::visit([](const auto& body) { return wire::encode(body); }, message);
}

bool is_refused_by_device(const Bytes& bytes, const GroupParameters& parameters = kGroup) {
  return !wire::decode_coordinator_message(bytes, parameters).has_value();
}

bool is_refused_by_coordinator(const Bytes& bytes, std::uint32_t degree = 5) {
  return !wire::decode_device_message(bytes, degree).has_value();
}

std::string hash(ByteView bytes) { return to_hex(crypto::sha256(bytes)).substr(0, 16); }

}  // namespace

TEST_CASE("each kind of message comes out as it went in") {
  const auto said = device_messages();
  for (std::size_t kind = 0; kind < said.size(); ++kind) {
    const auto message = wire::decode_device_message(said[kind], 5);
    REQUIRE(message.has_value());
    CHECK(message->index() == kind);
    CHECK(encoded_again(*message) == said[kind]);
  }
  const auto told = coordinator_messages();
  for (std::size_t kind = 0; kind < told.size(); ++kind) {
    const auto message = wire::decode_coordinator_message(told[kind], kGroup);
    REQUIRE(message.has_value());
    CHECK(message->index() == kind);
    CHECK(encoded_again(*message) == told[kind]);
  }
}

TEST_CASE("every field survives the way") {
  const auto said = device_messages();
  CHECK(std::get<Advertisement>(*wire::decode_device_message(said[0], 0)) == advertisement(7));
  CHECK(std::get<wire::ShareBoxes>(*wire::decode_device_message(said[1], 5)).boxes ==
        counting_bytes(400, 1));
  const auto body = wire::decode_device_message(said[2], 5);
  CHECK(std::get<wire::MaskedChunk>(*body).index == 1);
  CHECK(std::ranges::equal(std::get<wire::MaskedChunk>(*body).data, counting_bytes(300, 3)));
  const auto shares = wire::decode_device_message(said[4], 5);
  CHECK(std::ranges::equal(std::get<wire::UnmaskShares>(*shares).shares.reveal(),
                           counting_bytes(96, 5)));
  const auto refuse = std::get<wire::Refuse>(*wire::decode_device_message(said[5], 5));
  CHECK(name_of(refuse.reason) == name_of(Refusal::kBoxDoesNotOpen));
  CHECK(refuse.neighbour_slot == 4u);

  const auto told = coordinator_messages();
  const auto got = std::get<wire::Roster>(*wire::decode_coordinator_message(told[0], {}));
  CHECK(got.parameters == kGroup);
  CHECK(got.position == 4);
  CHECK(got.digests == roster().digests);
  CHECK(got.neighbours == roster().neighbours);
  const auto request =
      std::get<wire::UnmaskRequest>(*wire::decode_coordinator_message(told[3], kGroup));
  CHECK(request.signers == set_of(5, {1, 3}));
  CHECK(request.signatures[1] == counting<64>(2));
  CHECK(std::get<wire::Completed>(*wire::decode_coordinator_message(told[4], kGroup)).model ==
        counting<32>(8));
  CHECK_FALSE(std::get<wire::Completed>(
                  *wire::decode_coordinator_message(wire::encode(wire::Completed{}), kGroup))
                  .model.has_value());
}

TEST_CASE("a message that is one byte short or cut anywhere is not taken for another") {
  for (const Bytes& whole : device_messages()) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(
          is_refused_by_coordinator(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))));
    }
  }
  for (const Bytes& whole : coordinator_messages()) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(is_refused_by_device(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))));
    }
  }
}

TEST_CASE("a message with a byte more, or twice in one, is refused") {
  for (Bytes bytes : device_messages()) {
    bytes.push_back(0);
    CHECK(is_refused_by_coordinator(bytes));
  }
  for (Bytes bytes : coordinator_messages()) {
    bytes.push_back(0);
    CHECK(is_refused_by_device(bytes));
  }
  // Protobuf merges two copies of one message into one: harmless where that gives the same fields
  // again, and refused where lists grow. A chunk has one form only.
  Bytes twice = device_messages()[2];
  twice.insert(twice.end(), twice.begin(), twice.begin() + static_cast<long>(twice.size()));
  CHECK(is_refused_by_coordinator(twice));
  twice = coordinator_messages()[0];
  twice.insert(twice.end(), twice.begin(), twice.begin() + static_cast<long>(twice.size()));
  CHECK(is_refused_by_device(twice));
}

TEST_CASE(
    "a byte flipped anywhere never crashes the decoder, and what comes out has the group's sizes") {
  for (const Bytes& good : device_messages()) {
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const std::uint8_t flip : {std::uint8_t{1}, std::uint8_t{8}, std::uint8_t{0x80}}) {
        Bytes bytes = good;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ flip);
        const auto message = wire::decode_device_message(bytes, 5);
        if (!message) continue;
        if (const auto* boxes = std::get_if<wire::ShareBoxes>(&*message)) {
          CHECK(boxes->boxes.size() == 400);
        }
      }
    }
  }
  for (const Bytes& good : coordinator_messages()) {
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const std::uint8_t flip : {std::uint8_t{1}, std::uint8_t{8}, std::uint8_t{0x80}}) {
        Bytes bytes = good;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ flip);
        const auto message = wire::decode_coordinator_message(bytes, kGroup);
        if (!message) continue;
        if (const auto* got = std::get_if<wire::Roster>(&*message)) {
          CHECK(got->parameters.validate().has_value());
          CHECK(got->digests.size() == got->parameters.devices);
          CHECK(got->neighbours.size() == got->parameters.degree);
          CHECK(got->position < got->parameters.devices);
        } else if (const auto* boxes = std::get_if<wire::NeighbourBoxes>(&*message)) {
          CHECK(boxes->boxes.size() == boxes->shared.count() * 80);
        } else if (const auto* request = std::get_if<wire::UnmaskRequest>(&*message)) {
          CHECK(request->signatures.size() == request->signers.count());
        }
      }
    }
  }
}

TEST_CASE("sizes that do not fit the group are refused") {
  CHECK(is_refused_by_coordinator(wire::encode(wire::ShareBoxes{Bytes(4 * 80)})));
  CHECK(is_refused_by_coordinator(wire::encode(wire::ShareBoxes{Bytes(400)}), 6));
  CHECK(is_refused_by_coordinator(wire::encode(wire::UnmaskShares{SecretBytes(33)})));
  CHECK(is_refused_by_coordinator(wire::encode(wire::Refuse{Refusal::kBadKey, 5})));
  CHECK(is_refused_by_coordinator(wire::encode(wire::Refuse{static_cast<Refusal>(0), {}})));
  CHECK(is_refused_by_coordinator(wire::encode(wire::Refuse{static_cast<Refusal>(23), {}})));
  CHECK(is_refused_by_coordinator(chunk(0, VectorLayout::kMaxChunkBytes + 100)));
  CHECK_FALSE(is_refused_by_coordinator(chunk(0, VectorLayout::kMaxChunkBytes)));
  Advertisement long_chain = advertisement(0);
  long_chain.certificate_chain.resize(4096);
  CHECK_FALSE(is_refused_by_coordinator(wire::encode(long_chain)));
  long_chain.certificate_chain.resize(4097);
  CHECK(is_refused_by_coordinator(wire::encode(long_chain)));
  long_chain.certificate_chain.clear();
  CHECK(is_refused_by_coordinator(wire::encode(long_chain)));

  wire::Roster bad = roster();
  bad.position = 6;
  CHECK(is_refused_by_device(wire::encode(bad)));
  bad = roster();
  bad.parameters.threshold = 6;
  CHECK(is_refused_by_device(wire::encode(bad)));
  bad = roster();
  bad.neighbours.pop_back();
  CHECK(is_refused_by_device(wire::encode(bad)));
  bad = roster();
  bad.parameters.degree = 3;  // odd, and not the complete graph
  bad.neighbours.resize(3);
  CHECK(is_refused_by_device(wire::encode(bad)));
  CHECK(is_refused_by_device(wire::encode(wire::NeighbourBoxes{set_of(9, {8}), Bytes(80)})));
  CHECK(is_refused_by_device(wire::encode(wire::NeighbourBoxes{set_of(8, {6}), Bytes(80)})));
  CHECK(is_refused_by_device(wire::encode(wire::NeighbourBoxes{set_of(5, {1, 2}), Bytes(80)})));
  CHECK(is_refused_by_device(wire::encode(wire::Survivors{set_of(8, {7})})));
  CHECK(is_refused_by_device(wire::encode(wire::Survivors{set_of(9, {})})));
  CHECK(is_refused_by_device(wire::encode(wire::UnmaskRequest{set_of(5, {1}), {}})));
  CHECK(is_refused_by_device(wire::encode(wire::Aborted{static_cast<AbortReason>(9)})));
  CHECK(is_refused_by_device(wire::encode(wire::Dismissed{static_cast<Fault>(16)})));
  for (std::size_t kind = 1; kind <= 3; ++kind) {
    CHECK(is_refused_by_device(coordinator_messages()[kind], {}));
  }
}

// Every message of a live group, once: flips of it go to the live session of its receiver, restored
// each time.
TEST_CASE("a flipped message to a live session gives an answer and never a wrong sum") {
  WorldOptions options;
  options.devices = 4;
  options.degree = 3;
  options.threshold = 1;  // the others are enough without whoever the flip costs
  options.shape = {20, 20, 1};
  std::size_t sums = 0;
  std::mt19937_64 random(3);
  for (std::size_t target = 0; target < 40; ++target) {
    for (int time = 0; time < 12; ++time) {
      World world(options);
      std::size_t seen = 0;
      std::optional<std::size_t> flipped;  // its kind, if it is a device's
      world.intercept = [&](World::Packet& packet) {
        if (seen++ != target) return true;
        flipped = kind_said(world, packet);
        packet.bytes[random() % packet.bytes.size()] ^=
            static_cast<std::uint8_t>(1u << (random() % 8));
        return true;
      };
      world.run();
      INFO("packet " << target << ", time " << time);
      REQUIRE(world.coordinator->step() >= CoordinatorStep::kCompleted);
      if (world.coordinator->step() != CoordinatorStep::kCompleted) continue;
      ++sums;
      // A chunk's data is not authenticated but by the transport: to all others a flipped one is
      // what its device sent.
      const bool is_right =
          world.coordinator->sum() == world.plain_sum(world.coordinator->survivors());
      CHECK((is_right || flipped == kChunkKind));
    }
  }
  CHECK(sums > 100);
}

TEST_CASE("the encodings are the ones that were fixed") {
  const std::vector<std::string> said{"5a216ab4304d85bf", "d46d4c93f9e83e5b", "7078ec0d224553bb",
                                      "11f2e70c4cfb1e27", "5cb9b0cbb35f4151", "594280bab83e447d"};
  const std::vector<std::string> told{"bf665b4f83e444f7", "f703e7456176b6d9", "ea689a34b0fb4dba",
                                      "642a1a47f380535a", "df499c92c2a67c1b", "0f58168839b31406",
                                      "6c4177c7bed4fb6a"};
  const auto device = device_messages();
  for (std::size_t kind = 0; kind < device.size(); ++kind) {
    INFO("device message " << kind);
    CHECK(hash(device[kind]) == said[kind]);
  }
  const auto coordinator = coordinator_messages();
  for (std::size_t kind = 0; kind < coordinator.size(); ++kind) {
    INFO("coordinator message " << kind);
    CHECK(hash(coordinator[kind]) == told[kind]);
  }
}

TEST_CASE("what is signed, and what keys are bound to, is what was fixed") {
  const GroupContext context{"digits", 7, 1, counting<32>(1), counting<32>(2), {20, 1000, 5}};
  const Digest digest = context.digest();
  const std::vector<Digest> digests = roster().digests;
  const Bitmap survivors = set_of(6, {0, 1, 5});
  const SecretKey seed(counting<32>(3));
  CHECK(to_hex(digest).substr(0, 16) == "3854347374c364e7");
  CHECK(to_hex(advertisement(7).signed_digest(digest)).substr(0, 16) == "86d869fddfbe35df");
  CHECK(to_hex(advertisement(7).digest()).substr(0, 16) == "37743ad865059b52");
  CHECK(roster_order(digest, digests) == std::vector<std::size_t>{0, 2, 5, 1, 3, 4});
  CHECK(to_hex(roster_digest(digest, kGroup, digests)).substr(0, 16) == "6581695a4f3b9b4e");
  CHECK(to_hex(survivors_digest(digest, survivors.bytes())).substr(0, 16) == "a1930887a307cc7c");
  CHECK(to_hex(mask_key_pair(seed).public_key()).substr(0, 16) == "2dc375b23f71132b");
  CHECK(to_hex(self_mask_commitment(seed)).substr(0, 16) == "f2688e9718f0ef46");
  CHECK(to_hex(self_mask_key(digest, 3, seed).reveal()).substr(0, 16) == "6b536c1bb93d9b37");
  CHECK(to_hex(pairwise_mask_key(digest, 3, 2, seed).reveal()).substr(0, 16) == "eca29cf997ef74a8");
  CHECK(to_hex(box_key(digest, 3, 2, seed).reveal()).substr(0, 16) == "b0c192df502839d3");
  const HeldShares held{SecretKey(counting<32>(4)), SecretKey(counting<32>(5))};
  CHECK(hash(seal_box(seed, held)) == "0c7035f762ada25e");
  Bytes drawn(64);
  SessionRandom(seed, digest).fill(drawn);
  CHECK(hash(drawn) == "61fbeac83b535624");
  RoundLedger ledger;
  REQUIRE(ledger.enter(context).has_value());
  CHECK(hash(ledger.to_bytes()) == "420e1c51f53caae0");
}
