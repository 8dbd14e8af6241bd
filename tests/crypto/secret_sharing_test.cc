#include "covey/crypto/secret_sharing.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>

#include "sharing_twin.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;
using namespace testing;

// Deals out the given 32-byte blocks in order, to whoever draws.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::vector<Digest> blocks) : blocks_(blocks.begin(), blocks.end()) {}
  void fill(MutableByteView out) override {
    REQUIRE(out.size() % 32 == 0);
    REQUIRE(out.size() / 32 <= blocks_.size());
    for (std::size_t i = 0; i < out.size(); i += 32) {
      std::ranges::copy(blocks_.front(), out.subspan(i).begin());
      blocks_.pop_front();
    }
  }
  std::size_t left() const { return blocks_.size(); }

 private:
  std::deque<Digest> blocks_;
};

TEST_CASE("only canonical field elements can be shared", "[shamir]") {
  CHECK(is_shareable(Digest{}));
  CHECK(is_shareable(modulus_plus(-1)));
  for (int offset = 0; offset <= 40; ++offset) CHECK_FALSE(is_shareable(modulus_plus(offset)));
  Digest all;
  all.fill(0xff);
  CHECK_FALSE(is_shareable(all));
  Digest top_bit{};
  top_bit[31] = 0x80;
  CHECK_FALSE(is_shareable(top_bit));
  CHECK_FALSE(is_shareable(Bytes(31)));
  CHECK_FALSE(is_shareable(Bytes(33)));
  CHECK_FALSE(is_shareable({}));
}

TEST_CASE("a shareable seed is drawn again while it is no field element", "[shamir]") {
  Digest with_top_bit = modulus_plus(-1);
  with_top_bit[31] |= 0x80;  // the top bit is not part of the number drawn
  ScriptedRandom random({modulus_plus(0), modulus_plus(18), with_top_bit, Digest{}});
  CHECK(digest_of(shareable_seed(random)) == modulus_plus(-1));
  CHECK(random.left() == 1);
}

TEST_CASE("shares are the values of the polynomial at position + 1", "[shamir][vectors]") {
  // seed + c_1 x + c_2 x^2, computed with integer arithmetic modulo p.
  Digest seed, first;
  for (std::size_t i = 0; i < 32; ++i) {
    seed[i] = static_cast<std::uint8_t>(i + 1);
    first[i] = static_cast<std::uint8_t>(7 * i + 3);
  }
  first[31] = 0xd5;  // 0x55 once the top bit is cleared
  ScriptedRandom random({first, modulus_plus(0), modulus_plus(-1)});  // c_2 = p is drawn again
  const Holders holders = {0, 6, 299, 65'534};
  const std::vector<Share> shares = split(key_of(seed), 3, holders, random);
  REQUIRE(shares.size() == 4);
  CHECK(to_hex(shares[0].reveal()) ==
        "030c141c242c343c444c545c646c747c848c949ca4acb4bcc4ccd4dce4ecf475");
  CHECK(to_hex(shares[1].reveal()) ==
        "31487aacde104375a7d90b3e70a2d406396b9dcf01346698cafc2e6193c5f778");
  CHECK(to_hex(shares[2].reveal()) ==
        "e06cf93775b2ef2c6aa7e4215f9cd9165491ce0b4986c3003e7bb8f53270ad36");
  CHECK(to_hex(shares[3].reveal()) ==
        "aeb503f6f5f7f8f9fafbfcfdfeff0002030405060708090a0b0c0d0e0f101119");
  CHECK(random.left() == 0);
}

TEST_CASE("any threshold of the shares gives the seed, and fewer do not", "[shamir]") {
  std::mt19937_64 random(1);
  for (std::size_t count = 1; count <= 8; ++count) {
    for (std::size_t threshold = 1; threshold <= count; ++threshold) {
      InsecureSeededRandom source(random());
      const SecretKey seed = shareable_seed(source);
      Holders holders(count);
      std::iota(holders.begin(), holders.end(), HolderPosition{0});
      const std::vector<Share> shares = split(seed, threshold, holders, source);
      for (unsigned subset = 1; subset < 1u << count; ++subset) {
        Holders chosen;
        std::vector<const Share*> answers;
        for (std::size_t i = 0; i < count; ++i) {
          if ((subset >> i & 1) == 0) continue;
          chosen.push_back(holders[i]);
          answers.push_back(&shares[i]);
        }
        const bool is_enough = chosen.size() >= threshold;
        CAPTURE(count, threshold, subset);
        REQUIRE(LagrangeWeights(chosen).reconstruct(answers).equals(seed) == is_enough);
      }
    }
  }
}

TEST_CASE("fewer shares than the threshold fit every seed equally well", "[shamir][property]") {
  for_each_seed(30, [](Seed test_seed) {
    std::mt19937_64 random(test_seed);
    InsecureSeededRandom source(test_seed);
    const std::size_t threshold = 2 + random() % 12;
    const Holders holders = random_holders(random, 20);
    std::vector<Number> coefficients;
    for (std::size_t i = 0; i < threshold; ++i) {
      coefficients.emplace_back(shareable_seed(source).reveal());
    }
    const Number other_seed(shareable_seed(source).reveal());

    // Adding (other - seed) * product of (1 - X / x_i) over threshold - 1 holders changes the seed
    // and not their shares.
    std::vector<Number> change{other_seed - coefficients[0]};
    for (std::size_t i = 0; i + 1 < threshold; ++i) {
      const Number slope = point_of(holders[i]).inverse();
      change.emplace_back();
      for (std::size_t k = change.size(); k-- > 1;) change[k] = change[k] - slope * change[k - 1];
    }
    std::vector<Digest> drawn, other_drawn;
    for (std::size_t i = 1; i < threshold; ++i) {
      drawn.push_back(coefficients[i].bytes());
      other_drawn.push_back((coefficients[i] + change[i]).bytes());
    }
    ScriptedRandom scripted(drawn), other_scripted(other_drawn);
    const auto shares = split(key_of(coefficients[0].bytes()), threshold, holders, scripted);
    const auto other = split(key_of(other_seed.bytes()), threshold, holders, other_scripted);
    for (std::size_t i = 0; i < holders.size(); ++i) {
      CHECK(shares[i].equals(other[i]) == (i + 1 < threshold));
    }
  });
}

TEST_CASE("reconstruction agrees with Lagrange's formula over big integers", "[shamir][property]") {
  for_each_seed(40, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t count = 1 + random() % 40;
    const std::size_t threshold = 1 + random() % count;
    const Sharing sharing = share_randomly(random, threshold, count);
    const LagrangeWeights weights(sharing.holders);
    CHECK(weights.holders() == sharing.holders);
    const auto right = pointers_to(sharing.shares);
    CHECK(weights.reconstruct(right).equals(sharing.seed));
    CHECK(interpolate(sharing.holders, right).bytes() == digest_of(sharing.seed));

    // Values on no polynomial of low degree depend on every single weight.
    InsecureSeededRandom source(seed);
    std::vector<Share> values;
    for (std::size_t i = 0; i < sharing.holders.size(); ++i)
      values.push_back(shareable_seed(source));
    const auto noise = pointers_to(values);
    CHECK(digest_of(weights.reconstruct(noise)) == interpolate(sharing.holders, noise).bytes());
  });
}

TEST_CASE("hundreds of holders at sparse positions reconstruct from any threshold of them",
          "[shamir][property]") {
  for_each_seed(30, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t threshold = 1 + random() % 250;
    Sharing sharing = share_randomly(random, threshold, threshold + 1 + random() % 50);
    // Holders are in random order: the first `threshold` of them are a random subset.
    auto answers = pointers_to(sharing.shares);
    answers.resize(threshold);
    sharing.holders.resize(threshold);
    CHECK(LagrangeWeights(sharing.holders).reconstruct(answers).equals(sharing.seed));
  });
}

TEST_CASE("weights without one holder are the weights of the others", "[shamir][property]") {
  for_each_seed(40, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t count = 3 + random() % 60;
    const Sharing sharing = share_randomly(random, count - 2, count);
    InsecureSeededRandom source(seed);
    std::vector<Share> values;  // noise, so that each weight matters
    for (std::size_t i = 0; i < sharing.holders.size(); ++i)
      values.push_back(shareable_seed(source));
    Holders holders = sharing.holders;
    auto noise = pointers_to(values);
    LagrangeWeights weights(holders);
    for (int removals = 0; removals < 2; ++removals) {
      const std::size_t index = random() % holders.size();
      weights = weights.without(index);
      holders.erase(holders.begin() + static_cast<std::ptrdiff_t>(index));
      noise.erase(noise.begin() + static_cast<std::ptrdiff_t>(index));
      CHECK(weights.holders() == holders);
      CHECK(weights.reconstruct(noise).equals(LagrangeWeights(holders).reconstruct(noise)));
    }
  });
}

}  // namespace
}  // namespace covey::crypto
