#include "covey/aggregation/secagg/roster.h"

#include <algorithm>
#include <numeric>

#include "covey/crypto/transcript.h"

namespace covey::secagg {

Digest Advertisement::signed_digest(const Digest& context) const {
  return crypto::Transcript("covey/v1/advertise")
      .field(context)
      .field(channel_key)
      .field(mask_key)
      .field(self_mask_commitment)
      .digest();
}

Digest Advertisement::digest() const {
  return crypto::Transcript("covey/v1/advertisement")
      .field(channel_key)
      .field(mask_key)
      .field(self_mask_commitment)
      .field(certificate_chain)
      .field(signature)
      .digest();
}

std::vector<std::size_t> roster_order(const Digest& context, const std::vector<Digest>& digests) {
  std::vector<Digest> sorted = digests;
  std::sort(sorted.begin(), sorted.end());
  crypto::Transcript all("covey/v1/order");
  all.field(context).number(sorted.size());
  for (const Digest& digest : sorted) all.field(digest);
  const Digest seed = all.digest();

  std::vector<Digest> rank;
  rank.reserve(digests.size());
  for (const Digest& digest : digests) {
    rank.push_back(crypto::Transcript("covey/v1/rank").field(seed).field(digest).digest());
  }
  std::vector<std::size_t> order(digests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
  return order;
}

Digest roster_digest(const Digest& context, const GroupParameters& parameters,
                     const std::vector<Digest>& ordered) {
  crypto::Transcript roster("covey/v1/roster");
  roster.field(context)
      .number(parameters.devices)
      .number(parameters.degree)
      .number(parameters.threshold);
  for (const Digest& digest : ordered) roster.field(digest);
  return roster.digest();
}

Digest survivors_digest(const Digest& roster, ByteView survivors) {
  return crypto::Transcript("covey/v1/survivors").field(roster).field(survivors).digest();
}

}  // namespace covey::secagg
