#include <random>
#include <set>

#include "aggregation/secagg/keys.h"
#include "aggregation/secagg/masked_sum.h"
#include "aggregation/secagg/share_box.h"
#include "aggregation/wire/secagg_wire.h"
#include "covey/aggregation/ring/packing.h"
#include "covey/aggregation/secagg/privacy_policy.h"
#include "covey/aggregation/secagg/round_ledger.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/seeds.h"

// The parts of secure aggregation, each by itself.
using namespace covey;
using namespace covey::secagg;
using covey::testing::for_each_seed;
using covey::testing::Seed;

TEST_CASE("slot and neighbour are inverse to one another, and adjacency is mutual") {
  for (std::uint32_t n = 2; n <= 12; ++n) {
    for (std::uint32_t degree = 1; degree < n; ++degree) {
      const GroupParameters parameters{n, degree, 1};
      if (!parameters.validate()) continue;
      const NeighbourGraph graph(parameters);
      for (Position position = 0; position < n; ++position) {
        INFO(n << " devices, degree " << degree << ", position " << position);
        std::set<Position> neighbours;
        for (std::uint32_t slot = 0; slot < degree; ++slot) {
          const Position other = graph.neighbour(position, slot);
          neighbours.insert(other);
          CHECK(graph.slot(position, other) == slot);
          CHECK(graph.slot(other, position).has_value());
        }
        CHECK(neighbours.size() == degree);
        for (Position other = 0; other < n; ++other) {
          CHECK(graph.slot(position, other).has_value() == neighbours.contains(other));
          const std::uint32_t apart =
              std::min((other + n - position) % n, (position + n - other) % n);
          if (degree + 1 < n)
            CHECK(neighbours.contains(other) == (apart > 0 && apart <= degree / 2));
        }
        CHECK_FALSE(neighbours.contains(position));
      }
    }
  }
}

TEST_CASE("group parameters that make no graph are refused") {
  CHECK(GroupParameters{2, 1, 1}.validate().has_value());
  CHECK(GroupParameters{65'535, 65'534, 1}.validate().has_value());
  for (const GroupParameters& parameters :
       {GroupParameters{1, 0, 0}, GroupParameters{0, 0, 0}, GroupParameters{65'536, 2, 1},
        GroupParameters{6, 6, 1}, GroupParameters{6, 0, 0}, GroupParameters{6, 3, 1},
        GroupParameters{6, 4, 0}, GroupParameters{6, 4, 5}}) {
    CHECK_FALSE(parameters.validate().has_value());
  }
}

TEST_CASE("a bitmap holds what was put in, and takes no bits beyond its size") {
  for (std::size_t size = 0; size <= 20; ++size) {
    Bitmap all(size);
    CHECK(all.count() == 0);
    for (std::size_t i = 0; i < size; i += 3) all.insert(i);
    for (std::size_t i = 0; i < size; ++i) CHECK(all.contains(i) == (i % 3 == 0));
    CHECK(all.count() == (size + 2) / 3);
    CHECK(Bitmap::is_valid(all.bytes(), size));
    CHECK(Bitmap::from_valid(all.bytes(), size) == all);
    Bytes longer = to_bytes(all.bytes());
    longer.push_back(0);
    CHECK_FALSE(Bitmap::is_valid(longer, size));
    if (size == 0) continue;
    CHECK_FALSE(Bitmap::is_valid(ByteView(longer).first(longer.size() - 2), size));
    longer.pop_back();
    for (std::size_t bit = size; bit < longer.size() * 8; ++bit) {
      Bytes dirty = longer;
      dirty[bit / 8] = static_cast<std::uint8_t>(dirty[bit / 8] | (1u << (bit % 8)));
      CHECK_FALSE(Bitmap::is_valid(dirty, size));
      ByteWriter out;
      out.sized(dirty);
      const Bytes saved = out.take();
      ByteReader in(saved);
      Bitmap::load(in, size);
      CHECK_FALSE(in.ok());
    }
  }
}

TEST_CASE("chunks cover the vector exactly, in whole bytes, none above its limit") {
  for (std::uint32_t bits = 2; bits <= 64; ++bits) {
    for (const std::uint64_t length :
         {0ull, 1ull, 7ull, 4'000'000ull, 8'388'608ull, 10'000'019ull}) {
      for (const std::uint32_t counters : {0u, 3u}) {
        const VectorLayout layout(ring::RingShape{bits, length, counters});
        std::uint64_t next = 0;
        std::uint64_t bytes = 0;
        for (std::uint32_t chunk = 0; chunk < layout.chunk_count(); ++chunk) {
          bytes += layout.size_bytes(chunk);
          REQUIRE(layout.size_bytes(chunk) <= VectorLayout::kMaxChunkBytes);
          REQUIRE(layout.is_counters(chunk) == (counters > 0 && chunk + 1 == layout.chunk_count()));
          if (layout.is_counters(chunk)) {
            REQUIRE(layout.size_bytes(chunk) == 8 * counters);
            continue;
          }
          const auto range = layout.elements(chunk);
          REQUIRE(range.first == next);
          REQUIRE(range.first * bits % 8 == 0);
          REQUIRE(range.count > 0);
          REQUIRE(layout.size_bytes(chunk) == ring::packed_size_bytes(bits, range.count));
          next += range.count;
        }
        REQUIRE(next == length);
        REQUIRE(bytes == layout.total_bytes());
      }
    }
  }
}

TEST_CASE("a context of nothing to sum, or without a task, is refused") {
  GroupContext context{"digits", 7, 0, {}, {}, {20, 10, 1}};
  CHECK(context.validate().has_value());
  context.shape = {20, 0, 1};
  CHECK(context.validate().has_value());
  context.shape = {20, 0, 0};
  CHECK_FALSE(context.validate().has_value());
  context.shape = {20, 10, 1};
  context.task.clear();
  CHECK_FALSE(context.validate().has_value());
  context.task.assign(kMaxTaskNameBytes, 'x');
  CHECK(context.validate().has_value());
  context.task += 'x';
  CHECK_FALSE(context.validate().has_value());
}

TEST_CASE("a context's digest depends on every field") {
  const GroupContext base{"digits", 7, 1, {}, {}, {20, 1000, 5}};
  std::set<Digest> digests{base.digest()};
  std::size_t count = 1;
  const auto differs = [&](auto change) {
    GroupContext other = base;
    change(other);
    digests.insert(other.digest());
    CHECK(digests.size() == ++count);
  };
  differs([](GroupContext& c) { c.task = "digit"; });
  differs([](GroupContext& c) { c.round = 8; });
  differs([](GroupContext& c) { c.group = 0; });
  differs([](GroupContext& c) { c.plan[31] = 1; });
  differs([](GroupContext& c) { c.model[31] = 1; });
  differs([](GroupContext& c) { c.shape.bits = 21; });
  differs([](GroupContext& c) { c.shape.length = 1001; });
  differs([](GroupContext& c) { c.shape.counters = 6; });
}

TEST_CASE("a ledger comes back whole, or not at all when any byte of it changed") {
  RoundLedger ledger;
  for (const std::uint64_t round : {std::uint64_t{3}, std::uint64_t{9}}) {
    CHECK(ledger.enter({"digits", round, 0, {}, {}, {}}).has_value());
    CHECK(ledger.enter({"words", round + 100, 0, {}, {}, {}}).has_value());
  }
  const Bytes bytes = ledger.to_bytes();
  auto restored = RoundLedger::from_bytes(bytes);
  REQUIRE(restored.has_value());
  CHECK(restored->to_bytes() == bytes);
  CHECK(RoundLedger::from_bytes(RoundLedger().to_bytes()).has_value());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    Bytes damaged = bytes;
    damaged[i] ^= 1;
    CHECK_FALSE(RoundLedger::from_bytes(damaged).has_value());
    CHECK_FALSE(RoundLedger::from_bytes(ByteView(bytes).first(i)).has_value());
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(RoundLedger::from_bytes(longer).has_value());
}

TEST_CASE("a box opens with its own key only, and only whole") {
  crypto::InsecureSeededRandom random(4);
  const HeldShares held{crypto::shareable_seed(random), crypto::shareable_seed(random)};
  const SecretKey key = random.secret_key();
  const Bytes box = seal_box(key, held);
  CHECK(box.size() == wire::kBoxBytes);
  const auto opened = open_box(key, box);
  REQUIRE(opened.has_value());
  CHECK(opened->mask_seed.equals(held.mask_seed));
  CHECK(opened->self_mask_seed.equals(held.self_mask_seed));
  CHECK_FALSE(open_box(random.secret_key(), box).has_value());
  for (std::size_t i = 0; i < box.size(); ++i) {
    Bytes damaged = box;
    damaged[i] ^= 1;
    CHECK_FALSE(open_box(key, damaged).has_value());
  }
  CHECK_FALSE(open_box(key, ByteView(box).first(box.size() - 1)).has_value());
  std::array<std::uint8_t, 32> over;
  over.fill(0xff);
  CHECK_FALSE(open_box(key, seal_box(key, {SecretKey(over), held.mask_seed.clone()})).has_value());
  CHECK_FALSE(open_box(key, seal_box(key, {held.mask_seed.clone(), SecretKey(over)})).has_value());
}

TEST_CASE("the policy takes the published parameters and none weaker") {
  PrivacyPolicy policy;
  policy.corrupt_fraction = 0.05;
  CHECK(policy.accepts({1000, 52, 37}).has_value());
  CHECK_FALSE(policy.accepts({1000, 52, 36}).has_value());
  CHECK_FALSE(policy.accepts({1000, 50, 35}).has_value());
  CHECK(policy.accepts({1000, 52, 40}).has_value());
  CHECK_FALSE(policy.accepts({1000, 30, 17}).has_value());
  policy.coordinator_may_lie = false;
  CHECK(policy.accepts({1000, 30, 17}).has_value());
  CHECK_FALSE(policy.accepts({1000, 30, 12}).has_value());
  CHECK_FALSE(policy.accepts({1000, 6, 6}).has_value());
  policy.coordinator_may_lie = true;
  CHECK(policy.accepts({100, 99, 53}).has_value());
  CHECK_FALSE(policy.accepts({100, 99, 52}).has_value());  // 2t > 99 + 5 takes 53
  CHECK_FALSE(policy.accepts({100, 0, 0}).has_value());
  policy.corrupt_fraction = 1;
  CHECK_FALSE(policy.accepts({100, 99, 99}).has_value());
}

TEST_CASE("the roster's order does not depend on who comes first, and does on everyone") {
  std::mt19937_64 random(1);
  std::vector<Digest> digests(9);
  for (Digest& digest : digests) {
    for (auto& byte : digest) byte = static_cast<std::uint8_t>(random());
  }
  const auto ordered = [](const Digest& context, const std::vector<Digest>& from) {
    std::vector<Digest> out;
    for (const std::size_t index : roster_order(context, from)) out.push_back(from[index]);
    return out;
  };
  const Digest context{1};
  const auto order = ordered(context, digests);
  for (int i = 0; i < 20; ++i) {
    std::vector<Digest> shuffled = digests;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    CHECK(ordered(context, shuffled) == order);
  }
  CHECK(ordered(Digest{2}, digests) != order);
  for (std::size_t changed = 0; changed < digests.size(); ++changed) {
    std::vector<Digest> other = digests;
    other[changed][0] ^= 1;
    auto without = ordered(context, other);
    auto expected = order;
    std::erase(without, other[changed]);
    std::erase(expected, digests[changed]);
    CHECK(without != expected);  // the others stand in another order too
  }
}

TEST_CASE("every key is another when the roster, a position or its use is another") {
  const SecretKey secret(std::array<std::uint8_t, 32>{9});
  std::set<Bytes> keys;
  std::size_t count = 0;
  const auto add = [&](const SecretKey& key) {
    keys.insert(to_bytes(key.reveal()));
    CHECK(keys.size() == ++count);
  };
  for (const Digest& roster : {Digest{1}, Digest{2}}) {
    for (const Position position : {0u, 1u, 300u}) add(self_mask_key(roster, position, secret));
    for (const auto& [a, b] : {std::pair{0u, 1u}, {0u, 2u}, {1u, 2u}}) {
      add(pairwise_mask_key(roster, a, b, secret));
      CHECK(
          pairwise_mask_key(roster, b, a, secret).equals(pairwise_mask_key(roster, a, b, secret)));
      add(box_key(roster, a, b, secret));
      add(box_key(roster, b, a, secret));
    }
    Bytes drawn(32);
    SessionRandom(secret, roster).fill(drawn);
    keys.insert(drawn);
    CHECK(keys.size() == ++count);
  }
  add(SecretKey(mask_key_pair(secret).public_key()));
  add(SecretKey(self_mask_commitment(secret)));
}

namespace {

struct Vectors {
  Vectors(const ring::RingShape& vector_shape, std::uint32_t devices, std::mt19937_64& random)
      : layout(vector_shape) {
    for (std::uint32_t device = 0; device < devices; ++device) {
      auto& chunks = packed.emplace_back();
      for (std::uint32_t chunk = 0; chunk < layout.chunk_count(); ++chunk) {
        Bytes bytes(layout.size_bytes(chunk));
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        if (!layout.is_counters(chunk) &&
            layout.elements(chunk).count * vector_shape.bits % 8 != 0) {
          bytes.back() &= static_cast<std::uint8_t>(
              0xff >> (8 - layout.elements(chunk).count * vector_shape.bits % 8));
        }
        chunks.push_back(std::move(bytes));
      }
    }
  }
  MaskedSum::Added add(MaskedSum& sum, Position device, std::uint32_t chunk) const {
    Bytes message = packed[device][chunk];
    const ByteView data(message);
    return sum.add(device, chunk, std::move(message), data);
  }
  // The twin: only the lanes of 32 bits that the tests' shapes have.
  ring::RingVector plain_sum(const std::set<Position>& devices) const {
    ring::RingVector sum = ring::RingVector::zeros(layout.shape());
    auto& lanes = std::get<std::vector<std::uint32_t>>(sum.elements);
    for (const Position device : devices) {
      for (std::uint32_t chunk = 0; chunk < layout.chunk_count(); ++chunk) {
        if (layout.is_counters(chunk)) {
          ring::unpack_add<std::uint64_t>(packed[device][chunk], 64, sum.counters);
          continue;
        }
        const auto range = layout.elements(chunk);
        ring::unpack_add<std::uint32_t>(packed[device][chunk], layout.shape().bits,
                                        std::span(lanes).subspan(range.first, range.count));
      }
    }
    return sum;
  }

  VectorLayout layout;
  std::vector<std::vector<Bytes>> packed;
};

}  // namespace

TEST_CASE(
    "whatever way the chunks of many devices are mixed, the sum is that of the whole vectors") {
  for_each_seed(8, [](Seed seed) {
    std::mt19937_64 random(seed);
    const ring::RingShape shape{20, 900'000 + random() % 8, 2};  // three chunks of elements
    constexpr std::uint32_t kDevices = 6;
    const Vectors vectors(shape, kDevices, random);
    const std::size_t room = 2 + random() % 5;
    MaskedSum sum(shape, kDevices, room * vectors.layout.total_bytes());
    std::vector<std::pair<Position, std::uint32_t>> to_send;
    for (Position device = 0; device < kDevices; ++device) {
      for (std::uint32_t chunk = 0; chunk < vectors.layout.chunk_count(); ++chunk) {
        to_send.emplace_back(device, chunk);
      }
    }
    std::set<Position> folded;
    std::set<Position> staged;
    for (int steps = 0; !to_send.empty() && steps < 10'000; ++steps) {
      const std::size_t pick = random() % to_send.size();
      const auto [device, chunk] = to_send[pick];
      const auto added = vectors.add(sum, device, chunk);
      if (added == MaskedSum::Added::kBusy) {
        REQUIRE(staged.size() == room);
        REQUIRE_FALSE(staged.contains(device));
        continue;
      }
      REQUIRE((added == MaskedSum::Added::kStaged || added == MaskedSum::Added::kFolded));
      staged.insert(device);
      REQUIRE(staged.size() <= room);
      if (added == MaskedSum::Added::kFolded) {
        folded.insert(device);
        staged.erase(device);
      }
      to_send.erase(to_send.begin() + static_cast<long>(pick));
      REQUIRE(vectors.add(sum, device, chunk) == MaskedSum::Added::kRepeated);
    }
    CHECK(folded.size() == kDevices);
    CHECK(sum.contributors().count() == kDevices);
    CHECK(sum.sum() == vectors.plain_sum(folded));
  });
}

TEST_CASE("what is discarded leaves no trace, makes room, and can come again") {
  std::mt19937_64 random(2);
  const ring::RingShape shape{20, 50, 2};
  const Vectors vectors(shape, 3, random);
  MaskedSum sum(shape, 3, 1);  // room for one is always there
  CHECK(vectors.add(sum, 0, 0) == MaskedSum::Added::kStaged);
  CHECK(vectors.add(sum, 1, 0) == MaskedSum::Added::kBusy);
  sum.discard(0);
  CHECK(sum.sum() == ring::RingVector::zeros(shape));
  CHECK(vectors.add(sum, 1, 1) == MaskedSum::Added::kStaged);
  CHECK(vectors.add(sum, 1, 0) == MaskedSum::Added::kFolded);
  CHECK(sum.sum() == vectors.plain_sum({1}));
  CHECK(vectors.add(sum, 0, 1) == MaskedSum::Added::kStaged);
  CHECK(vectors.add(sum, 0, 0) == MaskedSum::Added::kFolded);
  sum.discard(0);  // folded: it stays
  CHECK(sum.sum() == vectors.plain_sum({0, 1}));

  ByteWriter out;
  sum.save(out);
  const Bytes saved = out.take();
  MaskedSum restored(shape, 3, 1);
  ByteReader in(saved);
  restored.load(in);
  CHECK(in.finish("the sum").has_value());
  CHECK(restored.sum() == sum.sum());
  CHECK(restored.contributors() == sum.contributors());
  MaskedSum other({20, 51, 2}, 3, 1);
  ByteReader again(saved);
  other.load(again);
  CHECK_FALSE(again.finish("the sum").has_value());
}
