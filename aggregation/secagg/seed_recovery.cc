#include "aggregation/secagg/seed_recovery.h"

#include <algorithm>

namespace covey::secagg {
namespace {

std::vector<crypto::HolderPosition> holder_positions(const std::vector<Position>& positions) {
  std::vector<crypto::HolderPosition> out;
  out.reserve(positions.size());
  for (const Position position : positions) {
    out.push_back(static_cast<crypto::HolderPosition>(position));
  }
  return out;
}

}  // namespace

SeedRecovery::SeedRecovery(const GroupParameters& parameters,
                           const std::vector<std::optional<SharesBySlot>>& answers)
    : parameters_(parameters),
      graph_(parameters),
      answers_(answers),
      distrusted_(parameters.devices) {}

void SeedRecovery::distrust(Position holder) {
  distrusted_[holder] = true;
  base_.reset();
}

const crypto::Share* SeedRecovery::share_of(Position holder, Position owner) const {
  const auto slot = graph_.slot(holder, owner);
  if (!slot || !answers_[holder]) return nullptr;
  const auto& share = (*answers_[holder])[*slot];
  return share ? &*share : nullptr;
}

// Holders of the owner's shares and the owner itself where it answered, those furthest ahead of it
// on the ring first: they are the ones that the next owners have as neighbours too. An owner in the
// set is left out when the set is used for it.
std::vector<Position> SeedRecovery::holders_ahead(Position owner, std::size_t most) const {
  const std::uint32_t n = parameters_.devices;
  const std::uint32_t ahead = parameters_.is_complete() ? n - 1 : parameters_.degree / 2;
  const std::uint32_t behind = parameters_.is_complete() ? 0 : parameters_.degree / 2;
  std::vector<Position> holders;
  for (std::uint32_t i = 0; i <= ahead + behind && holders.size() < most; ++i) {
    const Position candidate = (owner + ahead + n - i) % n;
    const bool usable =
        candidate == owner ? answers_[owner].has_value() : share_of(candidate, owner) != nullptr;
    if (usable && !distrusted_[candidate]) holders.push_back(candidate);
  }
  return holders;
}

bool SeedRecovery::base_serves(Position owner) const {
  if (!base_) return false;
  return std::ranges::all_of(base_->holders(), [&](crypto::HolderPosition holder) {
    return holder == owner || share_of(holder, owner) != nullptr;
  });
}

SecretKey SeedRecovery::combine(const crypto::LagrangeWeights& weights, Position owner) const {
  std::vector<const crypto::Share*> shares;
  shares.reserve(weights.holders().size());
  for (const crypto::HolderPosition holder : weights.holders()) {
    shares.push_back(share_of(holder, owner));
  }
  return weights.reconstruct(shares);
}

std::optional<SecretKey> SeedRecovery::recover(Position owner) {
  if (!base_serves(owner)) {
    std::vector<Position> holders = holders_ahead(owner, parameters_.threshold + 1);
    if (holders.size() <= parameters_.threshold) {
      std::erase(holders, owner);
      if (holders.size() < parameters_.threshold) return std::nullopt;
      return combine(crypto::LagrangeWeights(holder_positions(holders)), owner);
    }
    base_.emplace(holder_positions(holders));
    base_but_last_ = base_->without(parameters_.threshold);
  }
  const auto& holders = base_->holders();
  const auto own = std::ranges::find(holders, owner);
  if (own == holders.end()) return combine(*base_but_last_, owner);
  return combine(base_->without(static_cast<std::size_t>(own - holders.begin())), owner);
}

Result<SeedRecovery::Corrected> SeedRecovery::recover_correcting(Position owner) const {
  std::vector<Position> holders;
  std::vector<const crypto::Share*> shares;
  for (std::uint32_t slot = 0; slot < graph_.degree(); ++slot) {
    const Position holder = graph_.neighbour(owner, slot);
    if (const crypto::Share* share = share_of(holder, owner)) {
      holders.push_back(holder);
      shares.push_back(share);
    }
  }
  COVEY_ASSIGN_OR_RETURN(
      auto corrected,
      crypto::reconstruct_correcting(parameters_.threshold, holder_positions(holders), shares));
  Corrected out{std::move(corrected.secret), {}};
  for (const std::size_t index : corrected.wrong) out.wrong.push_back(holders[index]);
  return out;
}

}  // namespace covey::secagg
