#pragma once

#include <optional>
#include <vector>

#include "covey/aggregation/secagg/graph.h"
#include "covey/crypto/secret_sharing.h"

namespace covey::secagg {

// The shares that one device gave at step 4: by slot, none for a neighbour that had not shared with
// it.
using SharesBySlot = std::vector<std::optional<crypto::Share>>;

// Puts seeds together from the shares of those who answered. The Lagrange weights of one set of
// holders serve every seed whose device has all of them as neighbours: on the complete graph one
// set serves all, on a ring lattice a run of devices. Not thread-safe.
class SeedRecovery {
 public:
  // `answers`: by position, none for a device that did not answer; must outlive this. `parameters`:
  // valid.
  SeedRecovery(const GroupParameters& parameters,
               const std::vector<std::optional<SharesBySlot>>& answers);

  // The seed of which the neighbours of `owner` gave shares, by any threshold of them: right only
  // if those shares are, so the caller checks it against what the owner advertised. None when fewer
  // than the threshold gave one.
  std::optional<SecretKey> recover(Position owner);

  // `recover` does without this device's shares from now on.
  void distrust(Position holder);

  struct Corrected {
    SecretKey seed;
    std::vector<Position> wrong;  // who gave shares that are not the owner's
  };
  // From all shares, correcting wrong ones: slower, for when `recover` gave a seed that does not
  // check.
  Result<Corrected> recover_correcting(Position owner) const;

 private:
  const crypto::Share* share_of(Position holder, Position owner) const;
  std::vector<Position> holders_ahead(Position owner, std::size_t most) const;
  bool base_serves(Position owner) const;
  SecretKey combine(const crypto::LagrangeWeights& weights, Position owner) const;

  GroupParameters parameters_;
  NeighbourGraph graph_;
  const std::vector<std::optional<SharesBySlot>>& answers_;
  std::vector<bool> distrusted_;                 // by position
  std::optional<crypto::LagrangeWeights> base_;  // over threshold + 1 holders
  std::optional<crypto::LagrangeWeights> base_but_last_;
};

}  // namespace covey::secagg
