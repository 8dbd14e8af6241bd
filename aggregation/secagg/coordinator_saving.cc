#include <algorithm>

#include "aggregation/secagg/coordinator_core.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"

// The saved form of a coordinator session: a format number, the context's digest, the phase, the
// members, what the phase holds, and a SHA-256 over all of it. Staged parts of masked vectors are
// left out: the devices send them again.
namespace covey::secagg {

using namespace coordinator;  // the phases

namespace {

constexpr std::uint32_t kFormat = 1;

void save(const Member& member, ByteWriter& out) {
  out.u32(member.handle);
  out.raw(member.advertisement.channel_key);
  out.raw(member.advertisement.mask_key);
  out.raw(member.advertisement.self_mask_commitment);
  out.sized(member.advertisement.certificate_chain);
  out.raw(member.advertisement.signature);
  out.raw(member.signing_key);
  out.raw(member.digest);
  out.u8(member.out ? static_cast<std::uint8_t>(*member.out) : 0);
  out.u8(member.is_awaited ? 1 : 0);
  out.u8(member.answer ? 1 : 0);
  if (member.answer) out.raw(*member.answer);
}

Member load_member(ByteReader& in) {
  Member member;
  member.handle = in.u32();
  member.advertisement.channel_key = in.array<32>();
  member.advertisement.mask_key = in.array<32>();
  member.advertisement.self_mask_commitment = in.array<32>();
  member.advertisement.certificate_chain = to_bytes(in.sized());
  member.advertisement.signature = in.array<64>();
  member.signing_key = in.array<32>();
  member.digest = in.array<32>();
  if (const std::uint8_t fault = in.u8()) member.out = static_cast<Fault>(fault);
  member.is_awaited = in.u8() != 0;
  if (in.u8() != 0) member.answer = in.array<32>();
  return member;
}

using Signatures = std::vector<std::optional<crypto::Signature>>;

void save(const Signatures& signatures, ByteWriter& out) {
  for (const auto& signature : signatures) {
    out.u8(signature ? 1 : 0);
    if (signature) out.raw(*signature);
  }
}

Signatures load_signatures(ByteReader& in, std::size_t devices) {
  Signatures signatures(devices);
  for (auto& signature : signatures) {
    if (in.u8() != 0) signature = in.array<64>();
  }
  return signatures;
}

void save(const std::optional<SharesBySlot>& answer, ByteWriter& out) {
  out.u8(answer ? 1 : 0);
  if (!answer) return;
  for (const auto& share : *answer) {
    out.u8(share ? 1 : 0);
    if (share) out.raw(share->reveal());
  }
}

std::optional<SharesBySlot> load_answer(ByteReader& in, std::size_t degree) {
  if (in.u8() == 0) return std::nullopt;
  SharesBySlot answer(degree);
  for (auto& share : answer) {
    if (in.u8() != 0) share.emplace(in.array<32>());
  }
  return answer;
}

void save_boxes(const std::vector<Bytes>& boxes, ByteWriter& out) {
  for (const Bytes& box : boxes) out.sized(box);
}

std::vector<Bytes> load_boxes(ByteReader& in, const GroupParameters& parameters) {
  std::vector<Bytes> boxes(parameters.devices);
  for (Bytes& box : boxes) {
    box = to_bytes(in.sized());
    if (!box.empty() && box.size() != parameters.degree * wire::kBoxBytes) in.fail();
  }
  return boxes;
}

// One overload a phase.
void save(const Advertising& phase, ByteWriter& out) {
  out.u64(phase.members.size());
  for (const Member& member : phase.members) save(member, out);
}

void save(const Sharing& phase, ByteWriter& out) { save_boxes(phase.boxes, out); }

void save(const Masking& phase, ByteWriter& out) {
  out.sized(phase.shared.bytes());
  save_boxes(phase.boxes, out);
  phase.sum.save(out);
}

void save(const Agreeing& phase, ByteWriter& out) {
  out.sized(phase.shared.bytes());
  out.sized(phase.survivors.bytes());
  out.raw(phase.signed_digest);
  save(phase.signatures, out);
  phase.sum.save(out);
}

void save(const Unmasking& phase, ByteWriter& out) {
  out.sized(phase.shared.bytes());
  out.sized(phase.survivors.bytes());
  save(phase.signatures, out);
  for (const auto& answer : phase.answers) save(answer, out);
  phase.sum.save(out);
}

void save(const Expanding& phase, ByteWriter& out) {
  out.sized(phase.survivors.bytes());
  out.u64(phase.blocks_done);
  out.u64(phase.unmasker->seeds().size());
  for (const Unmasker::Seed& seed : phase.unmasker->seeds()) {
    out.u32(seed.position);
    out.raw(seed.seed.reveal());
  }
  phase.sum.save(out);
}

void save(const Completed& phase, ByteWriter& out) {
  out.u64(phase.survivors.size());
  for (const DeviceHandle survivor : phase.survivors) out.u32(survivor);
  out.u8(phase.model ? 1 : 0);
  if (phase.model) out.raw(*phase.model);
  phase.sum.save(out);
}

void save(const Aborted& phase, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(phase.reason));
}

Advertising load_advertising(ByteReader& in) {
  Advertising phase;
  const std::uint64_t count = in.u64();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Member member = load_member(in);
    phase.index_of.emplace(member.handle, phase.members.size());
    phase.keys.insert(
        {member.advertisement.channel_key, member.advertisement.mask_key, member.signing_key});
    phase.members.push_back(std::move(member));
  }
  return phase;
}

std::optional<Group> load_group(ByteReader& in, const Digest& context) {
  Group group;
  group.parameters = {in.u32(), in.u32(), in.u32()};
  if (!group.parameters.validate()) in.fail();
  std::vector<Digest> ordered;
  for (Position position = 0; position < group.parameters.devices && in.ok(); ++position) {
    group.members.push_back(load_member(in));
    group.position_of[group.members.back().handle] = position;
    ordered.push_back(group.members.back().digest);
  }
  if (!in.ok() || group.position_of.size() != group.members.size()) {
    in.fail();
    return std::nullopt;
  }
  group.roster = roster_digest(context, group.parameters, ordered);
  return group;
}

}  // namespace

Bytes CoordinatorSession::Core::save() const {
  ByteWriter out;
  out.u32(kFormat);
  out.raw(context_);
  out.u8(static_cast<std::uint8_t>(phase_.index()));
  out.u8(group_ ? 1 : 0);
  if (group_) {
    out.u32(group_->parameters.devices);
    out.u32(group_->parameters.degree);
    out.u32(group_->parameters.threshold);
    for (const Member& member : group_->members) secagg::save(member, out);
  }
  std::visit([&](const auto& phase) { secagg::save(phase, out); }, phase_);
  out.raw(crypto::sha256(out.bytes()));
  return out.take();
}

void CoordinatorSession::Core::load_phase(std::size_t index, ByteReader& in) {
  if (index == 0) {
    phase_ = load_advertising(in);
    return;
  }
  if (static_cast<CoordinatorStep>(index) == CoordinatorStep::kAborted) {
    phase_ = Aborted{static_cast<AbortReason>(in.u8())};
    return;
  }
  if (!group_ || !in.ok()) return in.fail();
  const ring::RingShape& shape = options_.context.shape;
  const GroupParameters& parameters = group_->parameters;
  const std::uint32_t devices = parameters.devices;
  switch (static_cast<CoordinatorStep>(index)) {
    case CoordinatorStep::kShare: {
      Sharing phase = open_sharing(*group_);
      phase.boxes = load_boxes(in, parameters);
      phase_ = std::move(phase);
      return;
    }
    case CoordinatorStep::kMask: {
      Masking phase{Bitmap::load(in, devices), load_boxes(in, parameters),
                    MaskedSum(shape, devices, options_.staging_bytes)};
      phase.sum.load(in);
      phase_ = std::move(phase);
      return;
    }
    case CoordinatorStep::kAgree: {
      Agreeing phase;
      phase.shared = Bitmap::load(in, devices);
      phase.survivors = Bitmap::load(in, devices);
      phase.signed_digest = in.array<32>();
      phase.signatures = load_signatures(in, devices);
      phase.sum = ring::RingVector::load(shape, in);
      phase_ = std::move(phase);
      return;
    }
    case CoordinatorStep::kUnmask: {
      Unmasking phase;
      phase.shared = Bitmap::load(in, devices);
      phase.survivors = Bitmap::load(in, devices);
      phase.signatures = load_signatures(in, devices);
      phase.answers.resize(devices);
      for (auto& answer : phase.answers) answer = load_answer(in, parameters.degree);
      phase.sum = ring::RingVector::load(shape, in);
      phase_ = std::move(phase);
      return;
    }
    case CoordinatorStep::kExpand: {
      Expanding phase;
      phase.survivors = Bitmap::load(in, devices);
      phase.blocks_done = in.u64();
      std::vector<Unmasker::Seed> seeds;
      const std::uint64_t count = in.u64();
      for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const Position position = in.u32();
        if (position >= devices) in.fail();
        seeds.push_back(
            {position, in.ok() && phase.survivors.contains(position), SecretKey(in.array<32>())});
      }
      phase.sum = ring::RingVector::load(shape, in);
      if (!in.ok() || phase.blocks_done > Unmasker::blocks(phase.sum)) return in.fail();
      phase.unmasker = make_unmasker(phase.survivors, std::move(seeds));
      phase_ = std::move(phase);
      return;
    }
    case CoordinatorStep::kCompleted: {
      Completed phase;
      const std::uint64_t count = in.u64();
      for (std::uint64_t i = 0; i < count && in.ok(); ++i) phase.survivors.push_back(in.u32());
      if (in.u8() != 0) phase.model = in.array<32>();
      phase.sum = ring::RingVector::load(shape, in);
      phase_ = std::move(phase);
      return;
    }
    default:
      in.fail();
  }
}

Result<std::unique_ptr<CoordinatorSession::Core>> CoordinatorSession::Core::load(
    CoordinatorOptions options, ByteView saved) {
  constexpr std::size_t kDigest = sizeof(Digest);
  ByteReader in(saved.size() < kDigest ? ByteView() : saved.first(saved.size() - kDigest));
  // A damaged save is told from a good one here; what follows fits, unless it was saved with other
  // options.
  if (saved.size() < kDigest ||
      !std::ranges::equal(crypto::sha256(saved.first(saved.size() - kDigest)),
                          saved.last(kDigest))) {
    in.fail();
  }
  auto core = std::make_unique<Core>(std::move(options));
  if (in.u32() != kFormat || in.array<32>() != core->context_) in.fail();
  const std::uint8_t index = in.u8();
  if (in.u8() != 0) core->group_ = load_group(in, core->context_);
  core->load_phase(index, in);
  COVEY_RETURN_IF_ERROR(in.finish("the saved session of the coordinator"));
  if (core->group_) {
    core->awaited_ =
        static_cast<std::size_t>(std::ranges::count_if(core->group_->members, &Member::is_awaited));
  }
  return core;
}

}  // namespace covey::secagg
