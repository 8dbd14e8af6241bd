#pragma once

#include <algorithm>

#include "aggregation/secagg/client_journal.h"
#include "aggregation/secagg/client_phases.h"
#include "aggregation/wire/secagg_wire.h"
#include "support/secagg_world.h"

// What tests that attack the protocol share: reading and changing messages under way, and the
// secrets of a device of tests.
namespace covey::testing {

inline secagg::GroupParameters parameters_of(const World& world) {
  return world.coordinator->parameters().value_or(secagg::GroupParameters{});
}

// Puts `change(message)` in the place of a packet to a device, if it carries a `Message`. True if
// it did.
template <typename Message, typename Change>
bool alter_told(const World& world, World::Packet& packet, Change change) {
  if (packet.to_coordinator) return false;
  auto message = secagg::wire::decode_coordinator_message(packet.bytes, parameters_of(world));
  if (!message || !std::holds_alternative<Message>(*message)) return false;
  change(std::get<Message>(*message));
  packet.bytes = secagg::wire::encode(std::get<Message>(*message));
  return true;
}

// The same for a packet from a device.
template <typename Message, typename Change>
bool alter_said(const World& world, World::Packet& packet, Change change) {
  if (!packet.to_coordinator) return false;
  auto message = secagg::wire::decode_device_message(packet.bytes, parameters_of(world).degree);
  if (!message || !std::holds_alternative<Message>(*message)) return false;
  change(std::get<Message>(*message));
  packet.bytes = secagg::wire::encode(std::get<Message>(*message));
  return true;
}

// The kind of a device's message: its place in wire::DeviceMessage; none when it is malformed.
inline std::optional<std::size_t> kind_said(const World& world, const World::Packet& packet) {
  if (!packet.to_coordinator) return std::nullopt;
  const auto message =
      secagg::wire::decode_device_message(packet.bytes, parameters_of(world).degree);
  return message ? std::optional(message->index()) : std::nullopt;
}

inline constexpr std::size_t kAdvertisementKind = 0;
inline constexpr std::size_t kShareBoxesKind = 1;
inline constexpr std::size_t kChunkKind = 2;
inline constexpr std::size_t kSignatureKind = 3;
inline constexpr std::size_t kUnmaskKind = 4;
inline constexpr std::size_t kRefuseKind = 5;

// What the effects send, if one of them sends something.
inline Bytes sent_by(const std::vector<secagg::ClientEffect>& effects) {
  for (const auto& effect : effects) {
    if (const auto* send = std::get_if<secagg::client_effect::Send>(&effect)) return send->message;
  }
  return {};
}

// All the keys of a device, from the seed in its journal.
inline secagg::client::Keys keys_of(const World& world, secagg::DeviceHandle device) {
  const auto start = secagg::client::read_journal_start(world.devices[device]->journal.front());
  secagg::SessionRandom random(start->seed, world.context.digest());
  return secagg::client::Keys::draw(random);
}

inline secagg::Position position_of(const World& world, secagg::DeviceHandle device) {
  secagg::Position position = 0;
  while (world.coordinator->device_at(position) != device) ++position;
  return position;
}

// The roster that a coordinator which follows the protocol would make of these advertisements, on
// the complete graph.
inline secagg::wire::Roster complete_roster(const Digest& context,
                                            const std::vector<secagg::Advertisement>& all,
                                            const Digest& own, std::uint32_t threshold) {
  const auto n = static_cast<std::uint32_t>(all.size());
  secagg::wire::Roster roster{{n, n - 1, threshold}, 0, {}, {}};
  std::vector<Digest> digests;
  for (const auto& advertisement : all) digests.push_back(advertisement.digest());
  const std::vector<std::size_t> order = secagg::roster_order(context, digests);
  for (const std::size_t index : order) roster.digests.push_back(digests[index]);
  roster.position = static_cast<secagg::Position>(std::ranges::find(roster.digests, own) -
                                                  roster.digests.begin());
  const secagg::NeighbourGraph graph(roster.parameters);
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    roster.neighbours.push_back(all[order[graph.neighbour(roster.position, slot)]]);
  }
  return roster;
}

}  // namespace covey::testing
