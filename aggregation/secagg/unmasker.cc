#include "aggregation/secagg/unmasker.h"

#include <algorithm>

#include "aggregation/secagg/keys.h"

namespace covey::secagg {
namespace {

template <typename Lane>
constexpr std::size_t kBlockLanes = kBlockBytes / sizeof(Lane);

std::size_t element_blocks(const ring::RingVector& sum) {
  return std::visit(
      []<typename Lane>(const std::vector<Lane>& lanes) {
        return (lanes.size() + kBlockLanes<Lane> - 1) / kBlockLanes<Lane>;
      },
      sum.elements);
}

}  // namespace

Unmasker::Unmasker(const GroupParameters& parameters, const Digest& roster, Bitmap survivors,
                   std::vector<crypto::AgreementPublicKey> mask_keys, std::vector<Seed> seeds,
                   crypto::MaskPath path)
    : graph_(parameters),
      roster_(roster),
      survivors_(std::move(survivors)),
      mask_keys_(std::move(mask_keys)),
      seeds_(std::move(seeds)),
      masks_(seeds_.size()),
      path_(path) {}

void Unmasker::run_key_part(std::size_t part) {
  const Seed& seed = seeds_[part];
  std::vector<MaskTask>& masks = masks_[part];
  if (seed.survived) {
    masks.push_back({self_mask_key(roster_, seed.position, seed.seed), true});
    return;
  }
  masks.reserve(graph_.degree());
  const crypto::AgreementKeyPair pair = mask_key_pair(seed.seed);
  for (std::uint32_t slot = 0; slot < graph_.degree(); ++slot) {
    const Position survivor = graph_.neighbour(seed.position, slot);
    if (!survivors_.contains(survivor)) continue;
    const auto agreed = pair.agree(mask_keys_[survivor]);
    COVEY_CHECK(agreed.has_value());  // keys of low order were refused when they were advertised
    masks.push_back({pairwise_mask_key(roster_, seed.position, survivor, *agreed),
                     survivor < seed.position});  // the survivor at the lower position added it
  }
}

std::size_t Unmasker::blocks(const ring::RingVector& sum) {
  return element_blocks(sum) + (sum.counters.empty() ? 0 : 1);
}

void Unmasker::run_block(ring::RingVector& sum, std::size_t block) const {
  crypto::MaskExpander expander(path_);
  if (block == element_blocks(sum)) {
    for (const auto& masks : masks_) {
      apply_masks<std::uint64_t>(masks, kCounterSegment, 0, sum.counters, expander);
    }
    return;
  }
  std::visit(
      [&]<typename Lane>(std::vector<Lane>& lanes) {
        const std::size_t first = block * kBlockLanes<Lane>;
        const std::size_t count = std::min(kBlockLanes<Lane>, lanes.size() - first);
        const std::span<Lane> part = std::span<Lane>(lanes).subspan(first, count);
        for (const auto& masks : masks_) {
          apply_masks<Lane>(masks, kElementSegment, first, part, expander);
        }
      },
      sum.elements);
}

}  // namespace covey::secagg
