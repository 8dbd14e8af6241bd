#include <algorithm>
#include <numeric>
#include <random>
#include <string>

#include "covey/crypto/secret_sharing.h"
#include "sharing_twin.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::crypto {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;
using namespace testing;

// Flips one bit of the shares of `count` random holders and returns their indices, ascending.
std::vector<std::size_t> flip_bits(std::mt19937_64& random, std::vector<Share>& shares,
                                   std::size_t count) {
  std::vector<std::size_t> indices(shares.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::ranges::shuffle(indices, random);
  indices.resize(count);
  for (const std::size_t i : indices) {
    const std::size_t bit = random() % 256;  // bit 255 makes it no field element
    shares[i].reveal_mutable()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
  }
  std::ranges::sort(indices);
  return indices;
}

TEST_CASE("every number of wrong shares that can be corrected is, and they are named",
          "[shamir][correction][property]") {
  for_each_seed(60, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t count = 1 + random() % 30;
    const std::size_t threshold = seed % 5 == 0 ? 1 : 1 + random() % count;
    const Sharing sharing = share_randomly(random, threshold, count);
    const std::size_t correctable = (sharing.holders.size() - threshold) / 2;
    for (std::size_t errors = 0; errors <= correctable; ++errors) {
      std::vector<Share> received;
      for (const Share& share : sharing.shares) received.push_back(share.clone());
      const auto wrong = flip_bits(random, received, errors);
      const auto corrected =
          reconstruct_correcting(threshold, sharing.holders, pointers_to(received));
      CAPTURE(threshold, sharing.holders.size(), errors);
      REQUIRE(corrected.has_value());
      CHECK(corrected->secret.equals(sharing.seed));
      CHECK(corrected->wrong == wrong);
    }
  });
}

TEST_CASE("a single flipped bit, whichever it is, is found and named", "[shamir][correction]") {
  std::mt19937_64 random(7);
  Sharing sharing = share_randomly(random, 3, 5);
  REQUIRE(sharing.holders.size() == 5);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    const auto flip = static_cast<std::uint8_t>(1 << (bit % 8));
    sharing.shares[bit % 5].reveal_mutable()[bit / 8] ^= flip;
    const auto corrected = reconstruct_correcting(3, sharing.holders, pointers_to(sharing.shares));
    REQUIRE(corrected.has_value());
    CHECK(corrected->secret.equals(sharing.seed));
    CHECK(corrected->wrong == std::vector<std::size_t>{bit % 5});
    sharing.shares[bit % 5].reveal_mutable()[bit / 8] ^= flip;
  }
}

TEST_CASE(
    "with too many wrong shares the answer is an error or agrees with all but the correctable",
    "[shamir][correction][property]") {
  for_each_seed(100, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::size_t count = 2 + random() % 12;
    const std::size_t threshold = 1 + random() % count;
    Sharing sharing = share_randomly(random, threshold, count);
    const std::size_t held = sharing.holders.size(), correctable = (held - threshold) / 2;
    flip_bits(random, sharing.shares, std::min(held, correctable + 1 + random() % 3));
    const auto received = pointers_to(sharing.shares);
    const auto corrected = reconstruct_correcting(threshold, sharing.holders, received);
    if (!corrected.has_value()) {
      CHECK(corrected.error().code == ErrorCode::kDataLoss);
      CHECK(corrected.error().message.find("at most " + std::to_string(correctable) + " wrong") !=
            std::string::npos);
      return;
    }
    CHECK(corrected->wrong.size() <= correctable);
    Holders agreeing;
    std::vector<const Share*> answers;
    for (std::size_t i = 0; i < held; ++i) {
      if (std::ranges::count(corrected->wrong, i) != 0) continue;
      agreeing.push_back(sharing.holders[i]);
      answers.push_back(received[i]);
    }
    // Every `threshold` neighbours among the agreeing give one and the same secret.
    for (std::size_t first = 0; first + threshold <= agreeing.size(); ++first) {
      const auto from = static_cast<std::ptrdiff_t>(first);
      const auto to = static_cast<std::ptrdiff_t>(first + threshold);
      CHECK(interpolate({agreeing.begin() + from, agreeing.begin() + to},
                        {answers.begin() + from, answers.begin() + to})
                .bytes() == digest_of(corrected->secret));
    }
  });
}

TEST_CASE("one wrong share too many is an error when nothing else fits", "[shamir][correction]") {
  std::mt19937_64 random(11);
  for (std::size_t threshold = 1; threshold <= 8; ++threshold) {
    Sharing sharing = share_randomly(random, threshold, threshold + 6);
    const std::size_t correctable = (sharing.holders.size() - threshold) / 2;
    flip_bits(random, sharing.shares, correctable + 1);
    const auto corrected =
        reconstruct_correcting(threshold, sharing.holders, pointers_to(sharing.shares));
    REQUIRE_FALSE(corrected.has_value());
    CHECK(corrected.error().code == ErrorCode::kDataLoss);
  }
}

TEST_CASE("the polynomial that most shares lie on wins", "[shamir][correction]") {
  InsecureSeededRandom source(3);
  Holders holders(20);
  std::iota(holders.begin(), holders.end(), HolderPosition{100});
  const SecretKey seed = shareable_seed(source), other = shareable_seed(source);
  std::vector<Share> shares = split(seed, 6, holders, source);
  std::vector<Share> conspiracy = split(other, 6, holders, source);
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < 7; ++i) {
    wrong.push_back(2 * i);
    shares[2 * i] = std::move(conspiracy[2 * i]);
  }
  const auto corrected = reconstruct_correcting(6, holders, pointers_to(shares));
  REQUIRE(corrected.has_value());
  CHECK(corrected->secret.equals(seed));
  CHECK(corrected->wrong == wrong);
}

TEST_CASE("a share in another form of the right residue is wrong", "[shamir][correction]") {
  Digest five{};
  five[0] = 5;
  std::vector<Share> shares;  // threshold 1: every share is the seed
  shares.push_back(key_of(five));
  shares.push_back(key_of(modulus_plus(5)));
  shares.push_back(key_of(five));
  const Holders holders = {4, 9, 2};
  const auto corrected = reconstruct_correcting(1, holders, pointers_to(shares));
  REQUIRE(corrected.has_value());
  CHECK(digest_of(corrected->secret) == five);
  CHECK(corrected->wrong == std::vector<std::size_t>{1});

  shares[0] = key_of(modulus_plus(5));
  const auto lost = reconstruct_correcting(1, holders, pointers_to(shares));
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().code == ErrorCode::kDataLoss);
}

TEST_CASE("correction at a thousand holders finds all of the most that can be wrong",
          "[shamir][correction]") {
  std::mt19937_64 random(5);
  Sharing sharing = share_randomly(random, 530, 1000);
  const std::size_t correctable = (sharing.holders.size() - 530) / 2;
  const auto wrong = flip_bits(random, sharing.shares, correctable);
  const auto corrected = reconstruct_correcting(530, sharing.holders, pointers_to(sharing.shares));
  REQUIRE(corrected.has_value());
  CHECK(corrected->secret.equals(sharing.seed));
  CHECK(corrected->wrong == wrong);
}

TEST_CASE("correction refuses what cannot be a set of shares", "[shamir][correction]") {
  std::mt19937_64 random(9);
  const Sharing sharing = share_randomly(random, 2, 4);
  const auto received = pointers_to(sharing.shares);
  const std::span<const Share* const> view(received);
  const auto code = [&](std::size_t threshold, const Holders& holders,
                        std::span<const Share* const> shares) {
    const auto corrected = reconstruct_correcting(threshold, holders, shares);
    REQUIRE_FALSE(corrected.has_value());
    return corrected.error().code;
  };
  CHECK(code(0, {1, 2}, view.first(2)) == ErrorCode::kInvalidArgument);
  CHECK(code(3, {1, 2}, view.first(2)) == ErrorCode::kInvalidArgument);
  CHECK(code(1, {}, {}) == ErrorCode::kInvalidArgument);
  CHECK(code(2, {1, 2, 3}, view.first(2)) == ErrorCode::kInvalidArgument);
  CHECK(code(2, {1, 2, 1}, view.first(3)) == ErrorCode::kInvalidArgument);
  CHECK(code(2, {1, 2, 65'535}, view.first(3)) == ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace covey::crypto
