#include "fuzz/fuzzed_group.h"

// What the fuzzer does to a group's messages and to its members.
namespace covey::fuzz {

using namespace covey::secagg;
using testing::World;

FuzzedGroup::Handle FuzzedGroup::any_device() {
  return input_.below(static_cast<std::uint32_t>(world_.devices.size()));
}

const FuzzedGroup::Packet& FuzzedGroup::any_old_packet() {
  return history_[input_.below(static_cast<std::uint32_t>(history_.size()))];
}

Bytes FuzzedGroup::mutated(Bytes bytes) {
  switch (input_.below(4)) {
    case 0:
      bytes.resize(input_.word() % (bytes.size() + 1));
      break;
    case 1: {
      const ByteView tail = input_.raw(1 + input_.below(16));
      bytes.insert(bytes.end(), tail.begin(), tail.end());
      break;
    }
    case 2: {  // the front of this one and the back of another
      const Bytes& other = any_old_packet().bytes;
      const std::size_t cut = input_.word() % (std::min(bytes.size(), other.size()) + 1);
      bytes.resize(cut);
      bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(cut), other.end());
      break;
    }
    default:
      for (std::uint32_t changes = 1 + input_.below(3); changes > 0 && !bytes.empty(); --changes) {
        bytes[input_.word() % bytes.size()] ^= input_.byte();
      }
  }
  return bytes;
}

// An old packet again, as if it were from or for any device.
void FuzzedGroup::misdeliver() {
  Packet packet = any_old_packet();
  packet.device = any_device();
  deliver(packet);
}

void FuzzedGroup::forge() {
  const Handle device = any_device();
  const auto parameters = world_.coordinator->parameters();
  switch (input_.below(8)) {
    case 0:
      return deliver({true, device, to_bytes(input_.raw(input_.below(200)))});
    case 1:
      return deliver({false, device, to_bytes(input_.raw(input_.below(200)))});
    case 2:
    case 3:
      return deliver({true, device, forged_by_device()});
    case 4:
      return deliver({false, device, forged_for(device)});
    default:
      break;
  }
  // Another survivor set than the others are told, and the request that follows from it.
  if (!parameters) return;
  deliver({false, device, forged_survivors(*parameters)});
  deliver({false, device, forged_request(device, *parameters)});
}

// What a device could say, at whatever step.
Bytes FuzzedGroup::forged_by_device() {
  const auto parameters = world_.coordinator->parameters();
  const std::uint32_t degree = parameters ? parameters->degree : 0;
  const std::uint32_t kind = input_.below(5);
  switch (kind) {
    case 0:
      return wire::encode(wire::ShareBoxes{Bytes(degree * wire::kBoxBytes)});
    case 1:
      return wire::encode(wire::SurvivorsSignature{});
    case 2: {
      const std::size_t shares = input_.below(degree + 1);
      return wire::encode(wire::UnmaskShares{SecretBytes(shares * wire::kShareBytes)});
    }
    case 3:
      return wire::encode(wire::Refuse{Refusal::kBoxDoesNotOpen, {}});
    default: {
      const VectorLayout layout(world_.options.shape);
      const std::uint32_t index = input_.below(layout.chunk_count());
      return std::move(wire::chunk_message(index, layout.size_bytes(index)).message);
    }
  }
}

// What a lying coordinator may tell a device.
Bytes FuzzedGroup::forged_for(Handle device) {
  const auto parameters = world_.coordinator->parameters();
  switch (input_.below(parameters ? 7 : 3)) {
    case 0:
      return wire::encode(wire::Completed{});
    case 1:
      return wire::encode(wire::Aborted{AbortReason::kStopped});
    case 2:
      return wire::encode(wire::Dismissed{Fault::kLate});
    case 3:
      return forged_survivors(*parameters);
    case 4:
      return forged_request(device, *parameters);
    default:
      return forged_boxes(device, *parameters);
  }
}

// The genuine boxes, where there are any, without one of them.
Bytes FuzzedGroup::forged_boxes(Handle device, const GroupParameters& parameters) {
  const auto genuine = world_.coordinator->message_for(device);
  if (!genuine) return {};
  const auto message = wire::decode_coordinator_message(*genuine, parameters);
  COVEY_CHECK(message.has_value());  // what the coordinator says is well-formed
  const auto* boxes = std::get_if<wire::NeighbourBoxes>(&*message);
  if (boxes == nullptr) return *genuine;
  const std::uint32_t left_out = input_.below(parameters.degree);
  wire::NeighbourBoxes forged{Bitmap(parameters.degree), {}};
  ByteView rest = boxes->boxes;
  for (std::uint32_t slot = 0; slot < parameters.degree; ++slot) {
    if (!boxes->shared.contains(slot)) continue;
    const ByteView box = rest.first(wire::kBoxBytes);
    rest = rest.subspan(wire::kBoxBytes);
    if (slot == left_out) continue;
    forged.shared.insert(slot);
    forged.boxes.insert(forged.boxes.end(), box.begin(), box.end());
  }
  return wire::encode(forged);
}

Bytes FuzzedGroup::forged_survivors(const GroupParameters& parameters) {
  wire::Survivors survivors{Bitmap(parameters.devices)};
  const std::uint8_t left_out = input_.byte();
  for (Position position = 0; position < parameters.devices; ++position) {
    if (((left_out >> position) & 1) == 0) survivors.survivors.insert(position);
  }
  return wire::encode(survivors);
}

// With whatever signatures the neighbours have given, and worthless ones where they have given
// none.
Bytes FuzzedGroup::forged_request(Handle device, const GroupParameters& parameters) {
  const NeighbourGraph graph(parameters);
  Position self = 0;
  while (self + 1 < parameters.devices && world_.coordinator->device_at(self) != device) ++self;
  wire::UnmaskRequest request{Bitmap(parameters.degree), {}};
  const std::uint8_t left_out = input_.byte();
  for (std::uint32_t slot = 0; slot < parameters.degree; ++slot) {
    const auto signer = world_.coordinator->device_at(graph.neighbour(self, slot));
    if ((left_out >> slot) & 1) continue;
    request.signers.insert(slot);
    const auto given = signatures_.find(*signer);
    request.signatures.push_back(given == signatures_.end() ? crypto::Signature{} : given->second);
  }
  return wire::encode(request);
}

void FuzzedGroup::kill_or_revive() {
  const Handle handle = any_device();
  World::Device& device = *world_.devices[handle];
  if (device.gone) {
    device.gone = false;
    world_.restart_device(handle);
  } else {
    device.gone = true;
    std::erase_if(queue_, [&](const Packet& packet) {
      return !packet.to_coordinator && packet.device == handle;
    });
    if (input_.below(2) == 0) world_.apply(world_.coordinator->device_gone(handle));
  }
  collect(nullptr);
}

void FuzzedGroup::restart_coordinator() {
  world_.restart_coordinator();
  forget_unfolded_chunks();
  collect(nullptr);
}

void FuzzedGroup::crash_coordinator() {
  auto restored = CoordinatorSession::restore(world_.coordinator_options, saved_);
  COVEY_CHECK(restored.has_value());  // what was saved restores
  world_.coordinator.emplace(std::move(*restored));
  world_.folded = saved_folded_;
  forget_unfolded_chunks();
  world_.apply(world_.coordinator->resume());
  collect(nullptr);
  if (step_ != CoordinatorStep::kAdvertise) return;
  // It knows nobody to ask, so what it forgot is sent again by itself, as a device does that gets
  // no answer.
  for (Handle device = 0; device < world_.devices.size(); ++device) world_.restart_device(device);
  collect(nullptr);
}

void FuzzedGroup::forget_unfolded_chunks() {
  std::erase_if(taken_chunks_,
                [&](const auto& entry) { return !world_.folded.contains(entry.first); });
}

}  // namespace covey::fuzz
