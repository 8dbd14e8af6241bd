#include <random>

#include "covey/aggregation/ring/packing.h"
#include "support/catch.h"
#include "support/secagg_attack.h"

// What the coordinator sees before a sum is unmasked tells it nothing: it passes a chi-square test
// against uniform bytes, which what it may see in the end does not. The seeds are fixed, so this
// passes or fails for good.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

constexpr std::uint64_t kLength = 60'000;
constexpr std::uint32_t kDevices = 5;
// Of 255 degrees of freedom (mean 255, standard deviation 23): uniform bytes exceed it once in
// 10^8.
constexpr double kThreshold = 400;

using Lanes = std::vector<std::uint64_t>;  // elements below 2^bits, whatever lanes they came from

double chi_square(const Lanes& elements, std::uint32_t shift) {
  std::array<double, 256> seen{};
  for (const std::uint64_t element : elements) ++seen[(element >> shift) & 0xff];
  const double expected = static_cast<double>(elements.size()) / 256;
  double sum = 0;
  for (const double count : seen) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

// The largest over windows of eight bits that cover the element.
double worst_chi_square(const Lanes& elements, std::uint32_t bits) {
  double worst = 0;
  for (std::uint32_t shift = 0; shift + 8 < bits; shift += 4) {
    worst = std::max(worst, chi_square(elements, shift));
  }
  return std::max(worst, chi_square(elements, bits - 8));
}

Lanes lanes_of(const ring::RingVector& vector) {
  return std::visit([](const auto& lanes) { return Lanes(lanes.begin(), lanes.end()); },
                    vector.elements);
}

// a + sign * b in the ring.
Lanes combined(const Lanes& a, const Lanes& b, bool subtract, std::uint32_t bits) {
  Lanes out(a.size());
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i] = (subtract ? a[i] - b[i] : a[i] + b[i]) & mask;
  }
  return out;
}

struct Seen {
  std::vector<Lanes> masked{kDevices};  // by device
  Lanes sum;                            // unmasked
  Digest roster{};
};

Seen run(World& world, std::uint32_t bits) {
  Seen seen;
  const VectorLayout layout(world.options.shape);
  for (Lanes& lanes : seen.masked) lanes.resize(kLength);
  world.intercept = [&](World::Packet& packet) {
    alter_told<wire::Roster>(world, packet, [&](wire::Roster& told) {
      seen.roster = roster_digest(world.context.digest(), told.parameters, told.digests);
    });
    if (kind_said(world, packet) != kChunkKind) return true;
    const auto message = wire::decode_device_message(packet.bytes, kDevices - 1);
    const auto& chunk = std::get<wire::MaskedChunk>(*message);
    if (layout.is_counters(chunk.index)) return true;
    const auto range = layout.elements(chunk.index);
    ring::unpack_add<std::uint64_t>(
        chunk.data, bits, std::span(seen.masked[packet.device]).subspan(range.first, range.count));
    return true;
  };
  world.run();
  REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
  REQUIRE(world.coordinator->survivors().size() == kDevices);
  seen.sum = lanes_of(world.coordinator->sum());
  return seen;
}

}  // namespace

TEST_CASE(
    "masked vectors and sums that lack a survivor or a mask are uniform, and the sum is not") {
  for (const std::uint32_t bits : {16u, 20u, 32u}) {
    WorldOptions options;
    options.seed = 11 + bits;
    options.devices = kDevices;
    options.degree = kDevices - 1;
    options.threshold = 3;
    options.shape = {bits, kLength, 1};
    World world(options);
    std::mt19937_64 random(bits);
    for (auto& device : world.devices) {  // as updates are: small numbers, far from uniform
      std::visit(
          [&]<typename Lane>(std::vector<Lane>& lanes) {
            for (Lane& lane : lanes) lane = static_cast<Lane>(random() % 64);
          },
          device->update.elements);
    }
    const Seen seen = run(world, bits);
    INFO("a ring of " << bits << " bits");
    REQUIRE(seen.sum == lanes_of(world.plain_sum(world.coordinator->survivors())));
    CHECK(worst_chi_square(seen.sum, bits) > 10 * kThreshold);

    Lanes all_masked(kLength);
    for (DeviceHandle device = 0; device < kDevices; ++device) {
      const Lanes& masked = seen.masked[device];
      CHECK(worst_chi_square(masked, bits) < kThreshold);
      CHECK(worst_chi_square(combined(seen.sum, masked, true, bits), bits) < kThreshold);
      all_masked = combined(all_masked, masked, false, bits);

      Lanes self_mask(kLength);
      std::vector<std::uint16_t> narrow(bits == 16 ? kLength : 0);
      std::vector<std::uint32_t> wide(bits == 16 ? 0 : kLength);
      const SecretKey key = self_mask_key(seen.roster, position_of(world, device),
                                          keys_of(world, device).self_mask_seed);
      crypto::MaskExpander expander;
      expander.add(key, kElementSegment, 0, std::span(narrow));
      expander.add(key, kElementSegment, 0, std::span(wide));
      std::ranges::copy(narrow, self_mask.begin());
      std::ranges::copy(wide, self_mask.begin());
      CHECK(worst_chi_square(combined(seen.sum, self_mask, false, bits), bits) < kThreshold);
    }
    CHECK(worst_chi_square(all_masked, bits) < kThreshold);  // the self-masks are still on it

    // With all five self-masks taken off, what is left is the sum: that the keys above are the
    // right ones.
    Lanes unmasked = all_masked;
    for (DeviceHandle device = 0; device < kDevices; ++device) {
      std::vector<std::uint16_t> narrow(bits == 16 ? kLength : 0);
      std::vector<std::uint32_t> wide(bits == 16 ? 0 : kLength);
      const SecretKey key = self_mask_key(seen.roster, position_of(world, device),
                                          keys_of(world, device).self_mask_seed);
      crypto::MaskExpander expander;
      expander.add(key, kElementSegment, 0, std::span(narrow));
      expander.add(key, kElementSegment, 0, std::span(wide));
      Lanes self_mask(kLength);
      std::ranges::copy(narrow, self_mask.begin());
      std::ranges::copy(wide, self_mask.begin());
      unmasked = combined(unmasked, self_mask, true, bits);
    }
    CHECK(unmasked == seen.sum);
  }
}
