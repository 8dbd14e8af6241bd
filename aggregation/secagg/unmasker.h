#pragma once

#include <vector>

#include "aggregation/secagg/masker.h"
#include "covey/aggregation/secagg/bitmap.h"
#include "covey/aggregation/secagg/roster.h"

namespace covey::secagg {

// Takes the masks off the sum: the self-masks of the survivors, and the masks between survivors and
// those that shared but did not survive. First the keys, one part for each vanished device, each
// key agreed once; then the vector, one part a block. Parts of one stage may run on any threads;
// within a block the order of the masks is fixed, so the result is the same for any number of them.
class Unmasker {
 public:
  struct Seed {
    Position position = 0;
    bool survived = false;
    SecretKey seed;  // of its self-mask if it survived, of its mask key pair if not
  };

  // `mask_keys`: by position. `survivors`: by position. `seeds`: one for each device that survived
  // and for each vanished one that has a survivor among its neighbours.
  Unmasker(const GroupParameters& parameters, const Digest& roster, Bitmap survivors,
           std::vector<crypto::AgreementPublicKey> mask_keys, std::vector<Seed> seeds,
           crypto::MaskPath path);

  std::size_t key_parts() const { return seeds_.size(); }
  void run_key_part(std::size_t part);
  const std::vector<Seed>& seeds() const { return seeds_; }

  // Of `sum`: blocks of its elements, and one for its counters if there are any.
  static std::size_t blocks(const ring::RingVector& sum);
  void run_block(ring::RingVector& sum, std::size_t block) const;

 private:
  NeighbourGraph graph_;
  Digest roster_;
  Bitmap survivors_;
  std::vector<crypto::AgreementPublicKey> mask_keys_;
  std::vector<Seed> seeds_;
  std::vector<std::vector<MaskTask>> masks_;  // by seed
  crypto::MaskPath path_;
};

}  // namespace covey::secagg
