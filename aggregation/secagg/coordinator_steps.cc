#include <algorithm>

#include "aggregation/secagg/coordinator_core.h"
#include "aggregation/secagg/keys.h"

// How one step of the coordinator leads to the next.
namespace covey::secagg {

using namespace coordinator;  // the phases

namespace {

std::optional<GroupParameters> choose_parameters(const CoordinatorOptions& options,
                                                 std::uint32_t devices) {
  GroupParameters parameters;
  if (options.fixed) {
    const std::uint32_t degree = std::min(options.fixed->degree, devices - 1);
    parameters = {devices, degree, std::min(options.fixed->threshold, degree)};
  } else {
    ParameterRequest request = options.requirements;
    request.devices = devices;
    const auto found = find_parameters(request);
    if (!found) return std::nullopt;
    parameters = {devices, found->degree, found->threshold};
  }
  if (!parameters.validate()) return std::nullopt;
  return parameters;
}

Group make_group(const Digest& context, const GroupParameters& parameters,
                 std::vector<Member> members) {
  std::vector<Digest> digests;
  digests.reserve(members.size());
  for (const Member& member : members) digests.push_back(member.digest);
  Group group;
  group.parameters = parameters;
  group.members.reserve(members.size());
  std::vector<Digest> ordered;
  ordered.reserve(members.size());
  for (const std::size_t index : roster_order(context, digests)) {
    ordered.push_back(digests[index]);
    group.position_of[members[index].handle] = static_cast<Position>(group.members.size());
    group.members.push_back(std::move(members[index]));
  }
  group.roster = roster_digest(context, parameters, ordered);
  return group;
}

}  // namespace

Sharing coordinator::open_sharing(const Group& group) {
  Sharing phase{std::vector<Bytes>(group.members.size()), {}};
  phase.advertisements.reserve(group.members.size());
  for (const Member& member : group.members) {
    phase.advertisements.push_back(wire::encode_for_roster(member.advertisement));
  }
  return phase;
}

CoordinatorEffects CoordinatorSession::Core::close(CoordinatorEffects effects) {
  return std::visit(
      [&](auto& phase) {
        if constexpr (requires { close(phase, std::move(effects)); }) {
          return close(phase, std::move(effects));
        } else {
          return std::move(effects);  // the devices are done
        }
      },
      phase_);
}

CoordinatorEffects CoordinatorSession::Core::close(Advertising& phase, CoordinatorEffects effects) {
  std::vector<Member> members = std::move(phase.members);
  std::erase_if(members, [](const Member& member) { return member.out.has_value(); });
  const auto devices = static_cast<std::uint32_t>(members.size());
  if (devices < std::max(options_.minimum_devices, 2u)) {
    phase.members = std::move(members);
    return abort(AbortReason::kTooFewDevices, std::move(effects));
  }
  const auto parameters = choose_parameters(options_, devices);
  if (!parameters) {
    phase.members = std::move(members);
    return abort(AbortReason::kNoParameters, std::move(effects));
  }
  group_ = make_group(context_, *parameters, std::move(members));
  return open(open_sharing(*group_), std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::close(Sharing& phase, CoordinatorEffects effects) {
  drop_awaited(effects);
  const std::uint32_t devices = group_->parameters.devices;
  Bitmap shared(devices);
  for (Position position = 0; position < devices; ++position) {
    Member& member = group_->members[position];
    if (!member.out) {
      shared.insert(position);
    } else {
      phase.boxes[position] = Bytes();
    }
    member.advertisement.certificate_chain = Bytes();  // freed: all have the roster
  }
  // A seed takes the threshold of shares from others than its owner.
  if (shared.count() < std::max(options_.minimum_survivors, group_->parameters.threshold + 1)) {
    return abort(AbortReason::kTooFewShared, std::move(effects));
  }
  MaskedSum sum(options_.context.shape, devices, options_.staging_bytes);
  return open(Masking{std::move(shared), std::move(phase.boxes), std::move(sum)},
              std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::close(Masking& phase, CoordinatorEffects effects) {
  drop_awaited(effects);
  Bitmap survivors = phase.sum.contributors();
  if (survivors.count() < std::max(options_.minimum_survivors, group_->parameters.threshold + 1)) {
    return abort(AbortReason::kTooFewSurvivors, std::move(effects));
  }
  const Digest digest = survivors_digest(group_->roster, survivors.bytes());
  return open(
      Agreeing{std::move(phase.shared), std::move(phase.sum.sum()), std::move(survivors), digest,
               std::vector<std::optional<crypto::Signature>>(group_->parameters.devices)},
      std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::close(Agreeing& phase, CoordinatorEffects effects) {
  drop_awaited(effects);
  const std::uint32_t devices = group_->parameters.devices;
  std::size_t can_answer = 0;
  for (Position position = 0; position < devices; ++position) {
    if (!group_->members[position].out && phase.signatures[position] &&
        signing_neighbours(phase.signatures, position) >= group_->parameters.threshold) {
      ++can_answer;
    }
  }
  if (can_answer <= group_->parameters.threshold) {
    return abort(AbortReason::kTooFewSignatures, std::move(effects));
  }
  return open(
      Unmasking{std::move(phase.shared), std::move(phase.sum), std::move(phase.survivors),
                std::move(phase.signatures), std::vector<std::optional<SharesBySlot>>(devices)},
      std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::close(Unmasking& phase, CoordinatorEffects effects) {
  drop_awaited(effects);
  auto recovered = recover_seeds(phase, effects);
  if (const auto* reason = std::get_if<AbortReason>(&recovered)) {
    return abort(*reason, std::move(effects));
  }
  auto& seeds = std::get<std::vector<Unmasker::Seed>>(recovered);
  Expanding next;
  next.unmasker = make_unmasker(phase.survivors, std::move(seeds));
  next.sum = std::move(phase.sum);
  next.survivors = std::move(phase.survivors);
  phase_ = std::move(next);
  effects.emplace_back(coordinator_effect::Save{});
  effects.emplace_back(coordinator_effect::WorkReady{});
  return effects;
}

bool CoordinatorSession::Core::is_seed_of(Position owner, bool survived,
                                          const SecretKey& seed) const {
  const Advertisement& advertised = group_->members[owner].advertisement;
  return survived ? self_mask_commitment(seed) == advertised.self_mask_commitment
                  : mask_key_pair(seed).public_key() == advertised.mask_key;
}

std::variant<std::vector<Unmasker::Seed>, AbortReason> CoordinatorSession::Core::recover_seeds(
    const Unmasking& phase, CoordinatorEffects& effects) {
  const NeighbourGraph graph(group_->parameters);
  SeedRecovery recovery(group_->parameters, phase.answers);
  std::vector<Unmasker::Seed> seeds;
  for (Position owner = 0; owner < graph.devices(); ++owner) {
    const bool survived = phase.survivors.contains(owner);
    const auto masks_a_survivor = [&] {
      for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
        if (phase.survivors.contains(graph.neighbour(owner, slot))) return true;
      }
      return false;
    };
    if (!survived && (!phase.shared.contains(owner) || !masks_a_survivor())) continue;
    auto seed = recovery.recover(owner);
    if (!seed || !is_seed_of(owner, survived, *seed)) {
      auto corrected = recovery.recover_correcting(owner);
      if (!corrected) {
        return seed ? AbortReason::kWrongShares : AbortReason::kTooFewShares;
      }
      if (!is_seed_of(owner, survived, corrected->seed)) {
        drop({group_->members[owner].handle, Fault::kWrongShare, {}, {}}, effects);
        return AbortReason::kWrongShares;
      }
      for (const Position wrong : corrected->wrong) {
        recovery.distrust(wrong);
        if (!group_->members[wrong].out) {
          drop({group_->members[wrong].handle, Fault::kWrongShare, {}, {}}, effects);
        }
      }
      seed = std::move(corrected->seed);
    }
    seeds.push_back({owner, survived, std::move(*seed)});
  }
  return seeds;
}

std::unique_ptr<Unmasker> CoordinatorSession::Core::make_unmasker(
    const Bitmap& survivors, std::vector<Unmasker::Seed> seeds) const {
  std::vector<crypto::AgreementPublicKey> mask_keys;
  mask_keys.reserve(group_->members.size());
  for (const Member& member : group_->members) {
    mask_keys.push_back(member.advertisement.mask_key);
  }
  return std::make_unique<Unmasker>(group_->parameters, group_->roster, survivors,
                                    std::move(mask_keys), std::move(seeds), options_.mask_path);
}

std::size_t CoordinatorSession::Core::work_parts() const {
  const auto* phase = std::get_if<Expanding>(&phase_);
  if (phase == nullptr) return 0;
  if (!phase->has_keys) return phase->unmasker->key_parts();
  return std::min(options_.slice_blocks, Unmasker::blocks(phase->sum) - phase->blocks_done);
}

void CoordinatorSession::Core::run_part(std::size_t part) {
  auto& phase = std::get<Expanding>(phase_);
  if (!phase.has_keys) {
    phase.unmasker->run_key_part(part);
  } else {
    phase.unmasker->run_block(phase.sum, phase.blocks_done + part);
  }
}

CoordinatorEffects CoordinatorSession::Core::work_done() {
  CoordinatorEffects effects;
  auto* phase = std::get_if<Expanding>(&phase_);
  if (phase == nullptr) return effects;
  if (!phase->has_keys) {
    phase->has_keys = true;
  } else {
    phase->blocks_done += work_parts();
  }
  if (phase->blocks_done < Unmasker::blocks(phase->sum)) {
    effects.emplace_back(coordinator_effect::WorkReady{});
    return effects;
  }
  Completed done;
  done.sum = std::move(phase->sum);
  done.sum.reduce(options_.context.shape.bits);
  for (Position position = 0; position < group_->parameters.devices; ++position) {
    if (phase->survivors.contains(position)) {
      done.survivors.push_back(group_->members[position].handle);
    }
  }
  phase_ = std::move(done);
  effects.emplace_back(coordinator_effect::Save{});
  announce(effects);
  effects.emplace_back(coordinator_effect::Finished{});
  return effects;
}

}  // namespace covey::secagg
