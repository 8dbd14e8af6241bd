#pragma once

#include "covey/base/result.h"
#include "covey/crypto/secret_sharing.h"

namespace covey::secagg {

// What a neighbour holds for a device: one share of each of its two seeds. It gives out one of
// them, never both.
struct HeldShares {
  crypto::Share mask_seed;
  crypto::Share self_mask_seed;
};

// `key` seals one box only (keys.h), so the nonce is fixed. wire::kBoxBytes long.
Bytes seal_box(const SecretKey& key, const HeldShares& shares);
// kInvalidArgument unless the box opens and holds two canonical shares.
Result<HeldShares> open_box(const SecretKey& key, ByteView box);

}  // namespace covey::secagg
