#include "aggregation/secagg/client_journal.h"
#include "covey/aggregation/ring/packing.h"
#include "fuzz/fuzzed_group.h"

// What must have come of whatever was done to a group.
namespace covey::fuzz {

using namespace covey::secagg;
using testing::World;

namespace {

// Records of a device's journal: its seed, then the coordinator's messages that it answered.
constexpr std::size_t kRosterRecord = 1;
constexpr std::size_t kBoxesRecord = 2;
constexpr std::size_t kSurvivorsRecord = 3;

ring::RingVector unpacked(const ring::RingShape& shape,
                          const std::map<std::uint32_t, Bytes>& chunks) {
  const VectorLayout layout(shape);
  ring::RingVector vector = ring::RingVector::zeros(shape);
  for (const auto& chunk : chunks) {
    const std::uint32_t index = chunk.first;
    const ByteView data = chunk.second;
    if (layout.is_counters(index)) {
      ring::unpack_add<std::uint64_t>(data, 64, vector.counters);
      continue;
    }
    const VectorLayout::Range range = layout.elements(index);
    std::visit(
        [&]<typename Lane>(std::vector<Lane>& lanes) {
          ring::unpack_add<Lane>(data, shape.bits,
                                 std::span<Lane>(lanes).subspan(range.first, range.count));
        },
        vector.elements);
  }
  return vector;
}

// sum += plus - minus
void shift(ring::RingVector& sum, const ring::RingVector& plus, const ring::RingVector& minus) {
  std::visit(
      [&]<typename Lane>(std::vector<Lane>& lanes) {
        const auto& added = std::get<std::vector<Lane>>(plus.elements);
        const auto& taken = std::get<std::vector<Lane>>(minus.elements);
        for (std::size_t i = 0; i < lanes.size(); ++i) {
          lanes[i] = static_cast<Lane>(lanes[i] + added[i] - taken[i]);
        }
      },
      sum.elements);
  for (std::size_t i = 0; i < sum.counters.size(); ++i) {
    sum.counters[i] += plus.counters[i] - minus.counters[i];
  }
}

}  // namespace

void FuzzedGroup::check() const {
  check_answers();
  if (const auto reason = world_.coordinator->abort_reason()) {
    COVEY_CHECK(had_mischief_);  // restarts, repeats and reordering alone never end a group
    return;
  }
  const auto& survivors = world_.coordinator->survivors();
  const std::set<Handle> distinct(survivors.begin(), survivors.end());
  COVEY_CHECK(distinct.size() == survivors.size() && distinct == world_.folded);
  COVEY_CHECK(survivors.size() > world_.coordinator->parameters()->threshold);
  check_sum();
}

// What a device gave at unmasking: one share a neighbour that shared, for the one survivor set that
// enough have signed.
void FuzzedGroup::check_answers() const {
  const auto parameters = world_.coordinator->parameters();
  COVEY_CHECK(parameters.has_value() || answers_.empty());
  std::set<Bytes> answered_sets;
  for (const auto& [device, shares] : answers_) {
    const auto boxes = std::get<wire::NeighbourBoxes>(*journaled(device, kBoxesRecord));
    COVEY_CHECK(shares.size() == boxes.shared.count() * wire::kShareBytes);
    const auto survivors = std::get<wire::Survivors>(*journaled(device, kSurvivorsRecord));
    answered_sets.insert(to_bytes(survivors.survivors.bytes()));
  }
  // Behind each of two sets there would be the one who answered and a threshold of signers, who
  // sign one set only.
  const bool sets_would_overlap = parameters && parameters->is_complete() &&
                                  2 * (parameters->threshold + 1) > parameters->devices;
  COVEY_CHECK(!sets_would_overlap || answered_sets.size() <= 1);
}

// How many of a device's neighbours have, so far, signed the survivor set that it signed.
std::size_t FuzzedGroup::cosigners(Handle device) const {
  const NeighbourGraph graph(*world_.coordinator->parameters());
  const Position self = std::get<wire::Roster>(*journaled(device, kRosterRecord)).position;
  const auto own = std::get<wire::Survivors>(*journaled(device, kSurvivorsRecord));
  std::size_t count = 0;
  for (Handle other = 0; other < world_.devices.size(); ++other) {
    const auto survivors = journaled(other, kSurvivorsRecord);
    if (!survivors || std::get<wire::Survivors>(*survivors).survivors != own.survivors) continue;
    const Position position = std::get<wire::Roster>(*journaled(other, kRosterRecord)).position;
    if (graph.slot(self, position)) ++count;
  }
  return count;
}

// The sum is the plain one. A chunk that was changed on its way changes it by what was changed, and
// by nothing else. A device that was lied to about who shared leaves masks in it; what is left to
// compare then is who is in it, which `check` does.
void FuzzedGroup::check_sum() const {
  const auto& survivors = world_.coordinator->survivors();
  ring::RingVector expected = world_.plain_sum(survivors);
  for (const Handle device : survivors) {
    if (!was_told_the_truth(device)) return;
    const Chunks& genuine = sent_chunks_.at(device);
    const Chunks& taken = taken_chunks_.at(device);
    if (taken == genuine) continue;
    shift(expected, unpacked(world_.options.shape, taken), unpacked(world_.options.shape, genuine));
  }
  expected.reduce(world_.options.shape.bits);
  COVEY_CHECK(world_.coordinator->sum() == expected);
}

std::optional<wire::CoordinatorMessage> FuzzedGroup::journaled(Handle device,
                                                               std::size_t record) const {
  const auto& journal = world_.devices[device]->journal;
  if (journal.size() <= record) return std::nullopt;
  const auto plain = client::read_journal_message(journal[record]);
  COVEY_CHECK(plain.has_value());  // nothing damages journals here
  auto message = wire::decode_coordinator_message(*plain, *world_.coordinator->parameters());
  COVEY_CHECK(message.has_value());  // the device has answered it
  return std::move(*message);
}

// Whether the device masked with those of whom the coordinator says that they shared. Nothing is
// journaled of a device whose place in the group another one has taken.
bool FuzzedGroup::was_told_the_truth(Handle device) const {
  const auto message = journaled(device, kBoxesRecord);
  if (!message || !told_shared_.contains(device)) return false;
  return std::get<wire::NeighbourBoxes>(*message).shared == told_shared_.at(device);
}

}  // namespace covey::fuzz
