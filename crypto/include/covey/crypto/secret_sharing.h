#pragma once

#include <span>
#include <vector>

#include "covey/base/result.h"
#include "covey/crypto/random.h"

namespace covey::crypto {

// Shamir's secret sharing (CACM 1979) over GF(p), p = 2^255 - 19: one element a secret, so a share
// is as long as the secret. The holder at position i (0-based, at most 65,534) has the polynomial's
// value at x = i + 1.

inline constexpr std::size_t kMaxHolders = 65'535;
using HolderPosition = std::uint16_t;
using Share = Secret<32>;  // a canonical field element, little-endian

// A seed that can be shared: uniform in [0, p).
SecretKey shareable_seed(Random& random);
// Whether `bytes` is a canonical field element: what a share or a shared seed from a peer must be.
bool is_shareable(ByteView bytes);

// The device's side. Constant-time in the seed and the coefficients: only `threshold` and `holders`
// steer it. shares[i] is for holders[i]. Requires 1 <= threshold <= holders.size(), distinct
// holders and a canonical seed (bugs otherwise).
std::vector<Share> split(const SecretKey& seed, std::size_t threshold,
                         std::span<const HolderPosition> holders, Random& random);

// The coordinator's side: not constant-time, since what it reconstructs is its to know.
//
// Lagrange weights at 0 for one set of holders (distinct), computed once and used for every secret
// whose shares those holders sent. Cost: holders^2 multiplications and one inversion.
class LagrangeWeights {
 public:
  explicit LagrangeWeights(std::vector<HolderPosition> holders);

  const std::vector<HolderPosition>& holders() const { return holders_; }
  // shares[i] is from holders()[i]; the degree of the sharing is below holders().size().
  SecretKey reconstruct(std::span<const Share* const> shares) const;
  // The weights of the same set without holders()[index]: holders multiplications and one
  // inversion.
  LagrangeWeights without(std::size_t index) const;

 private:
  LagrangeWeights() = default;

  std::vector<HolderPosition> holders_;
  std::vector<std::array<std::uint64_t, 5>> weights_;  // field elements, 51 bits a limb
};

struct CorrectedSecret {
  SecretKey secret;
  std::vector<std::size_t> wrong;  // indices into `holders`, ascending
};

// Reconstructs with up to floor((holders.size() - threshold) / 2) wrong shares among them, and
// names those. It is Reed-Solomon decoding (Reed and Solomon, 1960; McEliece and Sarwate, CACM
// 1981) by syndromes, in holders^2 multiplications. A share that is no canonical field element
// counts as wrong. kDataLoss when more are wrong than can be corrected; kInvalidArgument when
// shares are fewer than the threshold or a holder occurs twice. Far more wrong shares can agree on
// another polynomial, which is then what is found: check the secret against its commitment.
Result<CorrectedSecret> reconstruct_correcting(std::size_t threshold,
                                               std::span<const HolderPosition> holders,
                                               std::span<const Share* const> shares);

}  // namespace covey::crypto
