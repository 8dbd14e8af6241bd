#include "aggregation/secagg/share_box.h"

#include <algorithm>

#include "covey/crypto/aead.h"

namespace covey::secagg {
namespace {

constexpr crypto::AeadNonce kNonce{};
constexpr std::size_t kShareBytes = 32;

}  // namespace

Bytes seal_box(const SecretKey& key, const HeldShares& shares) {
  SecretBytes plain(2 * kShareBytes);
  std::ranges::copy(shares.mask_seed.reveal(), plain.reveal_mutable().begin());
  std::ranges::copy(shares.self_mask_seed.reveal(), plain.reveal_mutable().begin() + kShareBytes);
  return crypto::seal(key, kNonce, plain.reveal(), {});
}

Result<HeldShares> open_box(const SecretKey& key, ByteView box) {
  COVEY_ASSIGN_OR_RETURN(const SecretBytes plain, crypto::open(key, kNonce, box, {}));
  if (plain.size() != 2 * kShareBytes) return invalid_argument("a box holds two shares");
  const auto first = plain.reveal().first<kShareBytes>();
  const auto second = plain.reveal().last<kShareBytes>();
  if (!crypto::is_shareable(first) || !crypto::is_shareable(second)) {
    return invalid_argument("a share in a box is not canonical");
  }
  return HeldShares{crypto::Share(first), crypto::Share(second)};
}

}  // namespace covey::secagg
