#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "bignum_twin.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "covey/crypto/secret_sharing.h"

// What the tests of sharing and of correction have in common: random sharings, and Lagrange's
// formula over big integers.
namespace covey::crypto::testing {

using Holders = std::vector<HolderPosition>;

inline Digest digest_of(const SecretKey& secret) {
  Digest out;
  std::ranges::copy(secret.reveal(), out.begin());
  return out;
}

inline SecretKey key_of(const Digest& bytes) {
  return SecretKey(std::span<const std::uint8_t, 32>(bytes));
}

inline std::vector<const Share*> pointers_to(const std::vector<Share>& shares) {
  std::vector<const Share*> out;
  for (const Share& share : shares) out.push_back(&share);
  return out;
}

inline Holders random_holders(std::mt19937_64& random, std::size_t count) {
  Holders all(kMaxHolders);
  std::iota(all.begin(), all.end(), HolderPosition{0});
  std::ranges::shuffle(all, random);
  all.resize(count);
  if (random() % 2 == 0) all[random() % count] = kMaxHolders - 1;  // the last position is legal
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::ranges::shuffle(all, random);
  return all;
}

inline Number point_of(HolderPosition holder) { return Number(std::uint64_t{holder} + 1); }

// The twin: Lagrange's formula at 0 as it is written in textbooks.
inline Number interpolate(const Holders& holders, const std::vector<const Share*>& shares) {
  Number sum;
  for (std::size_t j = 0; j < holders.size(); ++j) {
    Number above(1), below(1);
    for (const HolderPosition holder : holders) {
      if (holder == holders[j]) continue;
      above = above * point_of(holder);
      below = below * (point_of(holder) - point_of(holders[j]));
    }
    sum = sum + Number(shares[j]->reveal()) * above * below.inverse();
  }
  return sum;
}

struct Sharing {
  SecretKey seed;
  Holders holders;
  std::vector<Share> shares;
};

inline Sharing share_randomly(std::mt19937_64& random, std::size_t threshold, std::size_t count) {
  InsecureSeededRandom source(random());
  Sharing out{shareable_seed(source), random_holders(random, count), {}};
  if (out.holders.size() < threshold) return share_randomly(random, threshold, count);
  out.shares = split(out.seed, threshold, out.holders, source);
  return out;
}

// p + offset, for offsets down to -237 and up to 18 + 256.
inline Digest modulus_plus(int offset) {
  Digest out;
  out.fill(0xff);
  out[31] = 0x7f;
  const int low = 0xed + offset;
  if (low > 0xff) {  // past 2^255
    out.fill(0);
    out[31] = 0x80;
  }
  out[0] = static_cast<std::uint8_t>(low & 0xff);
  return out;
}

}  // namespace covey::crypto::testing
