#include <algorithm>

#include "aggregation/secagg/coordinator_core.h"
#include "covey/crypto/digest.h"

// What the coordinator makes of a device's message.
namespace covey::secagg {

using namespace coordinator;  // the phases

namespace {

CoordinatorEffects told_again(DeviceHandle device) {
  CoordinatorEffects effects;
  effects.emplace_back(coordinator_effect::MessageReady{device});
  return effects;
}

}  // namespace

CoordinatorEffects CoordinatorSession::Core::receive(DeviceHandle device, Bytes message) {
  CoordinatorEffects effects;
  const Member* known = find(device);
  if ((known == nullptr && group_) || (known != nullptr && known->out)) return told_again(device);
  if (std::holds_alternative<Expanding>(phase_)) return effects;
  if (phase_.index() > static_cast<std::size_t>(CoordinatorStep::kExpand)) {
    return told_again(device);
  }
  const std::uint32_t degree = group_ ? group_->parameters.degree : 0;
  if (message.size() > wire::max_device_message_bytes(degree)) {
    drop({device, Fault::kTooLarge, {}, {}}, effects);
    return close_if_nobody_is_awaited(std::move(effects));
  }
  auto decoded = wire::decode_device_message(message, degree);
  if (!decoded) {
    drop({device, Fault::kMalformed, {}, {}}, effects);
    return close_if_nobody_is_awaited(std::move(effects));
  }
  if (const auto* refusal = std::get_if<wire::Refuse>(&*decoded)) {
    return take_refusal(device, *refusal);
  }
  // The alternatives of DeviceMessage stand in the order of the steps that they answer.
  if (decoded->index() < phase_.index()) return told_again(device);
  if (decoded->index() > phase_.index()) {
    drop({device, Fault::kWrongStep, {}, {}}, effects);
    return close_if_nobody_is_awaited(std::move(effects));
  }
  if (!group_) return take_advertisement(device, *decoded, crypto::sha256(message));
  const Position position = group_->position_of.at(device);  // it is known
  if (const auto* chunk = std::get_if<wire::MaskedChunk>(&*decoded)) {
    return take_chunk(position, std::move(message), *chunk);
  }
  return take_answer(position, *decoded, crypto::sha256(message));
}

CoordinatorEffects CoordinatorSession::Core::take_refusal(DeviceHandle device,
                                                          const wire::Refuse& refusal) {
  coordinator_effect::Drop why{device, Fault::kRefused, refusal.reason, {}};
  if (group_ && refusal.neighbour_slot) {
    const Position blamed = NeighbourGraph(group_->parameters)
                                .neighbour(group_->position_of.at(device), *refusal.neighbour_slot);
    why.neighbour = group_->members[blamed].handle;
  }
  CoordinatorEffects effects;
  drop(why, effects);
  return close_if_nobody_is_awaited(std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::take_advertisement(DeviceHandle device,
                                                                const wire::DeviceMessage& message,
                                                                const Digest& digest) {
  auto& phase = std::get<Advertising>(phase_);
  CoordinatorEffects effects;
  if (const auto fault = admit(phase, device, std::get<Advertisement>(message), digest)) {
    drop({device, *fault, {}, {}}, effects);
    return effects;
  }
  const auto present =
      std::ranges::count_if(phase.members, [](const Member& member) { return !member.out; });
  if (static_cast<std::size_t>(present) < options_.maximum_devices) return effects;
  return close(std::move(effects));
}

std::optional<Fault> CoordinatorSession::Core::admit(Advertising& phase, DeviceHandle device,
                                                     const Advertisement& advertisement,
                                                     const Digest& digest) {
  if (const Member* member = find(device)) {
    return member->answer == digest ? std::nullopt : std::optional(Fault::kConflict);
  }
  const auto identity = options_.verifier->verify(advertisement.certificate_chain);
  if (!identity) return Fault::kBadCertificate;
  if (!crypto::verify(identity->key, advertisement.signed_digest(context_),
                      advertisement.signature)) {
    return Fault::kBadSignature;
  }
  if (crypto::has_low_order(advertisement.channel_key) ||
      crypto::has_low_order(advertisement.mask_key)) {
    return Fault::kBadKey;
  }
  const std::array keys = {advertisement.channel_key, advertisement.mask_key, identity->key};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (phase.keys.contains(keys[i]) || std::count(keys.begin(), keys.end(), keys[i]) > 1) {
      return Fault::kDuplicate;
    }
  }
  phase.keys.insert(keys.begin(), keys.end());
  phase.index_of.emplace(device, phase.members.size());
  phase.members.push_back(
      {device, advertisement, identity->key, advertisement.digest(), {}, false, digest});
  ++progress_;
  return std::nullopt;
}

CoordinatorEffects CoordinatorSession::Core::take_answer(Position position,
                                                         wire::DeviceMessage& message,
                                                         const Digest& digest) {
  Member& member = group_->members[position];
  CoordinatorEffects effects;
  if (!member.is_awaited) {
    if (member.answer != digest) drop({member.handle, Fault::kConflict, {}, {}}, effects);
    return effects;
  }
  if (const auto fault = accept(position, message)) {
    drop({member.handle, *fault, {}, {}}, effects);
  } else {
    member.answer = digest;
    member.is_awaited = false;
    --awaited_;
    ++progress_;
  }
  return close_if_nobody_is_awaited(std::move(effects));
}

std::optional<Fault> CoordinatorSession::Core::accept(Position position,
                                                      wire::DeviceMessage& message) {
  if (auto* sharing = std::get_if<Sharing>(&phase_)) {
    sharing->boxes[position] = std::move(std::get<wire::ShareBoxes>(message).boxes);
    return std::nullopt;
  }
  if (auto* agreeing = std::get_if<Agreeing>(&phase_)) {
    const auto& signature = std::get<wire::SurvivorsSignature>(message).signature;
    if (!crypto::verify(group_->members[position].signing_key, agreeing->signed_digest,
                        signature)) {
      return Fault::kBadSignature;
    }
    agreeing->signatures[position] = signature;
    return std::nullopt;
  }
  return accept_shares(std::get<Unmasking>(phase_), position,
                       std::get<wire::UnmaskShares>(message));
}

std::optional<Fault> CoordinatorSession::Core::accept_shares(Unmasking& phase, Position position,
                                                             const wire::UnmaskShares& message) {
  const NeighbourGraph graph(group_->parameters);
  SharesBySlot shares(graph.degree());
  ByteView rest = message.shares.reveal();
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    if (!phase.shared.contains(graph.neighbour(position, slot))) continue;
    if (rest.size() < wire::kShareBytes) return Fault::kWrongLength;
    const auto share = rest.first<wire::kShareBytes>();
    if (!crypto::is_shareable(share)) return Fault::kWrongShare;
    shares[slot].emplace(share);
    rest = rest.subspan(wire::kShareBytes);
  }
  if (!rest.empty()) return Fault::kWrongLength;
  phase.answers[position] = std::move(shares);
  return std::nullopt;
}

CoordinatorEffects CoordinatorSession::Core::take_chunk(Position position, Bytes message,
                                                        const wire::MaskedChunk& chunk) {
  Member& member = group_->members[position];
  CoordinatorEffects effects;
  MaskedSum& sum = std::get<Masking>(phase_).sum;
  switch (sum.add(position, chunk.index, std::move(message), chunk.data)) {
    case MaskedSum::Added::kStaged:
      ++progress_;
      break;
    case MaskedSum::Added::kFolded:
      ++progress_;
      member.is_awaited = false;
      --awaited_;
      effects.emplace_back(coordinator_effect::MaskedInputFolded{member.handle});
      break;
    case MaskedSum::Added::kRepeated:
      if (!member.is_awaited) {
        effects.emplace_back(coordinator_effect::MaskedInputFolded{member.handle});
      }
      break;
    case MaskedSum::Added::kBusy:
      effects.emplace_back(coordinator_effect::SlowDown{member.handle});
      break;
    case MaskedSum::Added::kWrongLength:
      drop({member.handle, Fault::kWrongLength, {}, {}}, effects);
      break;
    case MaskedSum::Added::kConflict:
      drop({member.handle, Fault::kConflict, {}, {}}, effects);
      break;
  }
  return close_if_nobody_is_awaited(std::move(effects));
}

}  // namespace covey::secagg
