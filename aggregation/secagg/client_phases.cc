#include "aggregation/secagg/client_phases.h"

#include <algorithm>

namespace covey::secagg::client {
namespace {

// The holders of a device's shares are its neighbours, in the order of their slots.
std::vector<crypto::HolderPosition> holders_of(const VerifiedRoster& roster) {
  const NeighbourGraph graph(roster.parameters);
  std::vector<crypto::HolderPosition> holders(graph.degree());
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    holders[slot] = static_cast<crypto::HolderPosition>(graph.neighbour(roster.position, slot));
  }
  return holders;
}

}  // namespace

Keys Keys::draw(SessionRandom& random) {
  SecretKey mask_seed = crypto::shareable_seed(random);
  SecretKey self_mask_seed = crypto::shareable_seed(random);
  crypto::AgreementKeyPair mask = mask_key_pair(mask_seed);
  return {std::move(mask_seed), std::move(self_mask_seed),
          crypto::AgreementKeyPair::from_secret(random.secret_key()), std::move(mask)};
}

StepOr<AwaitingBoxes> share(AwaitingRoster& phase, const wire::Roster& message,
                            const ClientOptions& options, const Digest& context) {
  auto checked = check_roster(message, phase.own, options.signing_key->public_key(), context,
                              options.policy, *options.verifier);
  if (const auto* refused = std::get_if<Refused>(&checked)) return *refused;
  VerifiedRoster& roster = std::get<VerifiedRoster>(checked);
  const NeighbourGraph graph(roster.parameters);
  const Position self = roster.position;

  const auto holders = holders_of(roster);
  const std::size_t threshold = roster.parameters.threshold;
  auto mask_shares = crypto::split(phase.keys.mask_seed, threshold, holders, phase.random);
  auto self_shares = crypto::split(phase.keys.self_mask_seed, threshold, holders, phase.random);

  wire::ShareBoxes boxes;
  boxes.boxes.reserve(graph.degree() * wire::kBoxBytes);
  std::vector<SecretKey> incoming;
  incoming.reserve(graph.degree());
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    const Position other = graph.neighbour(self, slot);
    const auto agreed = phase.keys.channel.agree(roster.neighbours[slot].channel_key);
    if (!agreed) return Refused{Refusal::kBadKey, slot};
    const HeldShares shares{std::move(mask_shares[slot]), std::move(self_shares[slot])};
    const Bytes box = seal_box(box_key(roster.digest, self, other, *agreed), shares);
    boxes.boxes.insert(boxes.boxes.end(), box.begin(), box.end());
    incoming.push_back(box_key(roster.digest, other, self, *agreed));
  }
  return Step<AwaitingBoxes>{{std::move(roster), std::move(incoming), std::move(phase.keys.mask),
                              std::move(phase.keys.self_mask_seed)},
                             wire::encode(boxes)};
}

StepOr<Masking> open_boxes(AwaitingBoxes& phase, const wire::NeighbourBoxes& message) {
  const VerifiedRoster& roster = phase.roster;
  const NeighbourGraph graph(roster.parameters);
  const Position self = roster.position;
  if (message.shared.count() < roster.parameters.threshold) {
    return Refused{Refusal::kTooFewShared, {}};
  }
  HeldByNeighbour held(graph.degree());
  std::vector<MaskTask> masks;
  masks.reserve(message.shared.count() + 1);
  masks.push_back({self_mask_key(roster.digest, self, phase.self_mask_seed), false});
  ByteView rest = message.boxes;
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    if (!message.shared.contains(slot)) continue;
    auto opened = open_box(phase.incoming_box_keys[slot], rest.first(wire::kBoxBytes));
    rest = rest.subspan(wire::kBoxBytes);
    if (!opened) return Refused{Refusal::kBoxDoesNotOpen, slot};
    held[slot] = std::move(*opened);
    const auto agreed = phase.mask.agree(roster.neighbours[slot].mask_key);
    if (!agreed) return Refused{Refusal::kBadKey, slot};
    const Position other = graph.neighbour(self, slot);
    masks.push_back({pairwise_mask_key(roster.digest, self, other, *agreed), self > other});
  }
  return Step<Masking>{{std::move(phase.roster), std::move(held), std::move(masks)}, {}};
}

StepOr<AwaitingRequest> sign_survivors(Masking& phase, const wire::Survivors& message,
                                       const ClientOptions& options) {
  const VerifiedRoster& roster = phase.roster;
  const NeighbourGraph graph(roster.parameters);
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    if (message.survivors.contains(graph.neighbour(roster.position, slot)) && !phase.held[slot]) {
      return Refused{Refusal::kNotASurvivor, slot};
    }
  }
  if (message.survivors.count() <
      std::max(options.policy.minimum_survivors, roster.parameters.threshold)) {
    return Refused{Refusal::kTooFewSurvivors, {}};
  }
  const Digest digest = survivors_digest(roster.digest, message.survivors.bytes());
  const Bytes answer = wire::encode(wire::SurvivorsSignature{options.signing_key->sign(digest)});
  return Step<AwaitingRequest>{
      {std::move(phase.roster), std::move(phase.held), message.survivors, digest}, answer};
}

StepOr<Answered> unmask(const AwaitingRequest& phase, const wire::UnmaskRequest& message) {
  const VerifiedRoster& roster = phase.roster;
  const NeighbourGraph graph(roster.parameters);
  std::size_t valid = 0;
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    if (!message.signers.contains(slot) || valid == roster.parameters.threshold) continue;
    if (!phase.survivors.contains(graph.neighbour(roster.position, slot)) ||
        !crypto::verify(roster.neighbours[slot].signing_key, phase.survivors_digest,
                        message.signatures[valid])) {
      return Refused{Refusal::kBadSurvivorSignature, slot};
    }
    ++valid;
  }
  if (valid < roster.parameters.threshold) return Refused{Refusal::kTooFewSurvivorSignatures, {}};

  const auto shared = static_cast<std::size_t>(
      std::ranges::count_if(phase.held, [](const auto& held) { return held.has_value(); }));
  wire::UnmaskShares answer{SecretBytes(shared * wire::kShareBytes)};
  MutableByteView out = answer.shares.reveal_mutable();
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    if (!phase.held[slot]) continue;
    const bool survived = phase.survivors.contains(graph.neighbour(roster.position, slot));
    const HeldShares& held = *phase.held[slot];
    const crypto::Share& share = survived ? held.self_mask_seed : held.mask_seed;
    std::ranges::copy(share.reveal(), out.begin());
    out = out.subspan(wire::kShareBytes);
  }
  return Step<Answered>{{}, wire::encode(answer)};
}

}  // namespace covey::secagg::client
