#include <algorithm>

#include "aggregation/secagg/coordinator_core.h"

// What the coordinator tells a device at each step, put together when it is asked for: the messages
// of a step for all devices at once would be larger than everything else it holds.
namespace covey::secagg {

using namespace coordinator;  // the phases

namespace {

Bytes roster_for(const Group& group, const Sharing& phase, Position position) {
  const NeighbourGraph graph(group.parameters);
  std::vector<Digest> digests;
  digests.reserve(group.members.size());
  for (const Member& member : group.members) digests.push_back(member.digest);
  std::vector<ByteView> neighbours(graph.degree());
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    neighbours[slot] = phase.advertisements[graph.neighbour(position, slot)];
  }
  return wire::encode_roster(group.parameters, position, digests, neighbours);
}

wire::NeighbourBoxes boxes_for(const NeighbourGraph& graph, const Masking& phase,
                               Position position) {
  wire::NeighbourBoxes message{Bitmap(graph.degree()), {}};
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    const Position other = graph.neighbour(position, slot);
    if (!phase.shared.contains(other)) continue;
    message.shared.insert(slot);
    const std::size_t at = *graph.slot(other, position) * wire::kBoxBytes;  // adjacency is mutual
    const ByteView box = ByteView(phase.boxes[other]).subspan(at, wire::kBoxBytes);
    message.boxes.insert(message.boxes.end(), box.begin(), box.end());
  }
  return message;
}

// The first `threshold` signatures of neighbours: as many as the device asks for.
wire::UnmaskRequest request_for(const Group& group, const Unmasking& phase, Position position) {
  const NeighbourGraph graph(group.parameters);
  wire::UnmaskRequest request{Bitmap(graph.degree()), {}};
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    const auto& signature = phase.signatures[graph.neighbour(position, slot)];
    if (!signature || request.signatures.size() == group.parameters.threshold) continue;
    request.signers.insert(slot);
    request.signatures.push_back(*signature);
  }
  return request;
}

}  // namespace

Result<Bytes> CoordinatorSession::Core::message_for(DeviceHandle device) const {
  const Error nothing{ErrorCode::kUnavailable, "there is nothing to tell this device yet"};
  if (const auto* aborted = std::get_if<Aborted>(&phase_)) {
    return wire::encode(wire::Aborted{aborted->reason});
  }
  const Member* member = find(device);
  if (member == nullptr) {
    const auto turned_away = turned_away_.find(device);
    if (turned_away != turned_away_.end()) {
      return wire::encode(wire::Dismissed{turned_away->second});
    }
    if (!group_) return nothing;
    return wire::encode(wire::Dismissed{Fault::kNotAMember});
  }
  if (const auto* completed = std::get_if<Completed>(&phase_)) {
    if (std::ranges::find(completed->survivors, device) != completed->survivors.end()) {
      return wire::encode(wire::Completed{completed->model});
    }
  }
  if (member->out) return wire::encode(wire::Dismissed{*member->out});
  if (!group_) return nothing;
  const Position position = group_->position_of.at(device);
  if (const auto* sharing = std::get_if<Sharing>(&phase_)) {
    return roster_for(*group_, *sharing, position);
  }
  if (const auto* masking = std::get_if<Masking>(&phase_)) {
    return wire::encode(boxes_for(NeighbourGraph(group_->parameters), *masking, position));
  }
  if (const auto* agreeing = std::get_if<Agreeing>(&phase_)) {
    return wire::encode(wire::Survivors{agreeing->survivors});
  }
  if (const auto* unmasking = std::get_if<Unmasking>(&phase_)) {
    return wire::encode(request_for(*group_, *unmasking, position));
  }
  return nothing;
}

}  // namespace covey::secagg
