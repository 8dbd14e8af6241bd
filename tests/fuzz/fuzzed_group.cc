#include "fuzz/fuzzed_group.h"

namespace covey::fuzz {

using namespace covey::secagg;
using testing::World;

namespace {

constexpr std::size_t kMostHistory = 256;
constexpr std::size_t kMostDeliveriesPerStep = 400;

testing::WorldOptions options_from(FuzzInput& input) {
  static constexpr std::uint32_t kBits[] = {2, 13, 16, 20, 32, 33, 64, 64};
  testing::WorldOptions options;
  options.seed = input.byte();
  options.devices = 3 + input.below(4);
  options.degree = std::min(2 + 2 * input.below(3), options.devices - 1);
  options.threshold = 1 + input.below(options.degree);
  options.shape = {kBits[input.below(8)], 1 + input.below(24), input.below(3)};
  if (input.below(4) == 1) options.staging_bytes = 1;
  return options;
}

}  // namespace

FuzzedGroup::FuzzedGroup(FuzzInput& input) : input_(input), world_(options_from(input)) {
  saved_ = world_.coordinator->save();
  world_.start();
  collect(nullptr);
}

void FuzzedGroup::act() {
  const std::uint32_t action = input_.below(16);
  if (action < 9) return deliver_any();
  if (action == 9) return restart_coordinator();
  if (action == 10) return crash_coordinator();
  if (action == 11) return world_.restart_device(any_device()), collect(nullptr);
  had_mischief_ = true;
  switch (action) {
    case 12:
      return world_.close_step(), collect(nullptr);
    case 13:
      return kill_or_revive();
    case 14:
      return forge();
    default:
      return misdeliver();
  }
}

void FuzzedGroup::deliver_any() {
  if (queue_.empty()) return;
  const Packet packet = take();
  switch (input_.below(8)) {
    case 5:
      queue_.push_back(packet);
      break;  // and once more, later
    case 6:
      had_mischief_ = true;
      return;  // lost
    case 7:
      had_mischief_ = true;
      return deliver({packet.to_coordinator, packet.device, mutated(packet.bytes)});
    default:
      break;
  }
  deliver(packet);
}

void FuzzedGroup::finish() {
  // Each close leads to the next step, or to the end.
  for (int closed = 0; !has_ended() && closed < 8; ++closed) {
    for (std::size_t i = 0; i < kMostDeliveriesPerStep && !queue_.empty() && !has_ended(); ++i) {
      const Packet packet = std::move(queue_.front());
      queue_.erase(queue_.begin());
      deliver(packet);
    }
    if (has_ended()) break;
    // Without mischief a group needs nobody to close its steps, but for one that so much is under
    // way in that patience ends.
    COVEY_CHECK(had_mischief_ || !queue_.empty());
    had_mischief_ = true;
    world_.close_step();
    collect(nullptr);
  }
  COVEY_CHECK(has_ended());  // every group ends
  for (Handle device = 0; device < world_.devices.size(); ++device) {
    if (world_.devices[device]->gone) continue;
    auto last_word = world_.coordinator->message_for(device);
    COVEY_CHECK(last_word.has_value());  // there is one for everybody
    deliver({false, device, std::move(*last_word)});
    COVEY_CHECK(world_.devices[device]->session->outcome().has_value());
  }
}

FuzzedGroup::Packet FuzzedGroup::take() {
  std::swap(queue_[input_.below(static_cast<std::uint32_t>(queue_.size()))], queue_.back());
  Packet packet = std::move(queue_.back());
  queue_.pop_back();
  return packet;
}

void FuzzedGroup::deliver(const Packet& packet) {
  const bool is_open = world_.coordinator->step() == CoordinatorStep::kMask &&
                       !world_.folded.contains(packet.device);
  const auto parameters = world_.coordinator->parameters();
  was_busy_ = false;
  world_.deliver(packet);
  collect(&packet);
  if (!packet.to_coordinator || !is_open || was_busy_) return;
  const auto message = wire::decode_device_message(packet.bytes, parameters->degree);
  if (!message) return;
  if (const auto* chunk = std::get_if<wire::MaskedChunk>(&*message)) {
    taken_chunks_[packet.device].try_emplace(chunk->index, to_bytes(chunk->data));
  }
}

void FuzzedGroup::collect(const Packet* delivered) {
  for (Packet& packet : world_.network) {
    const bool is_sent_back = delivered != nullptr && delivered->to_coordinator &&
                              packet.to_coordinator && packet.device == delivered->device &&
                              packet.bytes == delivered->bytes;
    if (is_sent_back) {
      was_busy_ = true;
    } else {
      observe(packet);
      if (history_.size() < kMostHistory) history_.push_back(packet);
    }
    queue_.push_back(std::move(packet));
  }
  world_.network.clear();
  remember_step();
}

// What both sides really say: a device masks in one way, signs one survivor set, and answers
// unmasking once.
void FuzzedGroup::observe(const Packet& packet) {
  if (packet.to_coordinator) {
    const auto message = wire::decode_device_message(packet.bytes, world_.options.devices);
    if (!message) return;  // boxes for another degree
    if (const auto* chunk = std::get_if<wire::MaskedChunk>(&*message)) {
      const auto [entry, is_new] =
          sent_chunks_[packet.device].try_emplace(chunk->index, to_bytes(chunk->data));
      COVEY_CHECK(is_new || std::ranges::equal(entry->second, chunk->data));
    } else if (const auto* signed_set = std::get_if<wire::SurvivorsSignature>(&*message)) {
      const auto [entry, is_new] = signatures_.emplace(packet.device, signed_set->signature);
      COVEY_CHECK(is_new || entry->second == signed_set->signature);
    } else if (const auto* answer = std::get_if<wire::UnmaskShares>(&*message)) {
      const Bytes shares = to_bytes(answer->shares.reveal());
      const auto [entry, is_new] = answers_.emplace(packet.device, shares);
      COVEY_CHECK(is_new || entry->second == shares);
      COVEY_CHECK(cosigners(packet.device) >= world_.coordinator->parameters()->threshold);
    }
    return;
  }
  const auto parameters = world_.coordinator->parameters();
  if (!parameters) return;
  const auto message = wire::decode_coordinator_message(packet.bytes, *parameters);
  COVEY_CHECK(message.has_value());  // what the coordinator says is well-formed
  if (const auto* boxes = std::get_if<wire::NeighbourBoxes>(&*message)) {
    told_shared_[packet.device] = boxes->shared;
  }
}

// A step's opening is saved before anything is said in it, so a crash can fall back to that, and no
// further.
void FuzzedGroup::remember_step() {
  if (world_.coordinator->step() == step_) return;
  step_ = world_.coordinator->step();
  saved_ = world_.coordinator->save();
  saved_folded_ = world_.folded;
}

}  // namespace covey::fuzz
