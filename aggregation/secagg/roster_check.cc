#include "aggregation/secagg/roster_check.h"

#include <algorithm>

namespace covey::secagg {
namespace {

// The first item that occurs twice is enough to refuse; which one it is does not matter.
template <typename T>
bool has_duplicate(std::vector<T> items) {
  std::sort(items.begin(), items.end());
  return std::adjacent_find(items.begin(), items.end()) != items.end();
}

std::optional<Refusal> check_whole(const wire::Roster& roster, const Advertisement& own,
                                   const Digest& context, const PrivacyPolicy& policy) {
  if (roster.parameters.devices < policy.minimum_devices) return Refusal::kCohortTooSmall;
  if (!policy.accepts(roster.parameters)) return Refusal::kParametersTooWeak;
  if (has_duplicate(roster.digests)) return Refusal::kDuplicate;
  if (roster.digests[roster.position] != own.digest()) return Refusal::kNotInRoster;
  const std::vector<std::size_t> order = roster_order(context, roster.digests);
  if (!std::is_sorted(order.begin(), order.end())) return Refusal::kRosterOrder;
  return std::nullopt;
}

// Pushes what of a neighbour must be unique.
struct Seen {
  std::vector<crypto::AgreementPublicKey> agreement_keys;
  std::vector<crypto::SigningPublicKey> signing_keys;

  void add(const Advertisement& advertisement, const crypto::SigningPublicKey& signing_key) {
    agreement_keys.push_back(advertisement.channel_key);
    agreement_keys.push_back(advertisement.mask_key);
    signing_keys.push_back(signing_key);
  }
  bool has_any_twice() const {
    return has_duplicate(agreement_keys) || has_duplicate(signing_keys);
  }
};

}  // namespace

std::variant<VerifiedRoster, Refused> check_roster(
    const wire::Roster& roster, const Advertisement& own, const crypto::SigningPublicKey& own_key,
    const Digest& context, const PrivacyPolicy& policy, IdentityVerifier& verifier) {
  if (const auto refusal = check_whole(roster, own, context, policy)) return Refused{*refusal, {}};

  VerifiedRoster verified{roster.parameters,
                          roster.position,
                          roster_digest(context, roster.parameters, roster.digests),
                          {}};
  verified.neighbours.reserve(roster.neighbours.size());
  const NeighbourGraph graph(roster.parameters);
  Seen seen;
  seen.add(own, own_key);
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    const Advertisement& neighbour = roster.neighbours[slot];
    if (neighbour.digest() != roster.digests[graph.neighbour(roster.position, slot)]) {
      return Refused{Refusal::kKeySubstituted, slot};
    }
    const auto identity = verifier.verify(neighbour.certificate_chain);
    if (!identity) return Refused{Refusal::kBadCertificate, slot};
    if (!crypto::verify(identity->key, neighbour.signed_digest(context), neighbour.signature)) {
      return Refused{Refusal::kBadSignature, slot};
    }
    seen.add(neighbour, identity->key);
    verified.neighbours.push_back({neighbour.channel_key, neighbour.mask_key, identity->key});
  }
  if (seen.has_any_twice()) return Refused{Refusal::kDuplicate, {}};
  return verified;
}

}  // namespace covey::secagg
