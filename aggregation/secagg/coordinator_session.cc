#include "covey/aggregation/secagg/coordinator_session.h"

#include <algorithm>

#include "aggregation/secagg/coordinator_core.h"

namespace covey::secagg {

using namespace coordinator;  // the phases

std::string_view name_of(CoordinatorStep step) {
  switch (step) {
    case CoordinatorStep::kAdvertise:
      return "advertise";
    case CoordinatorStep::kShare:
      return "share";
    case CoordinatorStep::kMask:
      return "mask";
    case CoordinatorStep::kAgree:
      return "agree";
    case CoordinatorStep::kUnmask:
      return "unmask";
    case CoordinatorStep::kExpand:
      return "expand";
    case CoordinatorStep::kCompleted:
      return "completed";
    case CoordinatorStep::kAborted:
      return "aborted";
  }
  return "unknown step";
}

CoordinatorSession::Core::Core(CoordinatorOptions options)
    : options_(std::move(options)), context_(options_.context.digest()) {}

Member* CoordinatorSession::Core::find(DeviceHandle device) {
  return const_cast<Member*>(std::as_const(*this).find(device));
}

const Member* CoordinatorSession::Core::find(DeviceHandle device) const {
  if (group_) {
    const auto entry = group_->position_of.find(device);
    return entry == group_->position_of.end() ? nullptr : &group_->members[entry->second];
  }
  const auto* phase = std::get_if<Advertising>(&phase_);
  if (phase == nullptr) return nullptr;
  const auto entry = phase->index_of.find(device);
  return entry == phase->index_of.end() ? nullptr : &phase->members[entry->second];
}

void CoordinatorSession::Core::drop(coordinator_effect::Drop why, CoordinatorEffects& effects) {
  if (Member* member = find(why.device)) {
    if (member->is_awaited) --awaited_;
    member->is_awaited = false;
    member->out = why.fault;
    if (auto* masking = std::get_if<Masking>(&phase_)) {
      masking->sum.discard(group_->position_of.at(why.device));
    }
  } else if (!group_ && turned_away_.size() < kMaxDevices) {
    turned_away_.insert_or_assign(why.device, why.fault);
  }
  effects.emplace_back(why);
}

void CoordinatorSession::Core::drop_awaited(CoordinatorEffects& effects) {
  for (const Member& member : group_->members) {
    if (member.is_awaited) drop({member.handle, Fault::kLate, {}, {}}, effects);
  }
}

std::uint32_t CoordinatorSession::Core::signing_neighbours(
    const std::vector<std::optional<crypto::Signature>>& signatures, Position position) const {
  const NeighbourGraph graph(group_->parameters);
  std::uint32_t count = 0;
  for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
    if (signatures[graph.neighbour(position, slot)]) ++count;
  }
  return count;
}

bool CoordinatorSession::Core::is_awaited_by(const Phase& phase, Position position) const {
  if (group_->members[position].out) return false;
  if (const auto* masking = std::get_if<Masking>(&phase)) return masking->shared.contains(position);
  if (const auto* agreeing = std::get_if<Agreeing>(&phase)) {
    return agreeing->survivors.contains(position);
  }
  if (const auto* unmasking = std::get_if<Unmasking>(&phase)) {
    return unmasking->signatures[position] &&
           signing_neighbours(unmasking->signatures, position) >= group_->parameters.threshold;
  }
  return std::holds_alternative<Sharing>(phase);
}

CoordinatorEffects CoordinatorSession::Core::open(Phase next, CoordinatorEffects effects) {
  phase_ = std::move(next);
  awaited_ = 0;
  for (Position position = 0; position < group_->members.size(); ++position) {
    Member& member = group_->members[position];
    member.answer.reset();
    member.is_awaited = is_awaited_by(phase_, position);
    if (member.is_awaited) ++awaited_;
  }
  effects.emplace_back(coordinator_effect::Save{});
  announce(effects);
  return close_if_nobody_is_awaited(std::move(effects));
}

// Whoever is still in has a message at every step after the first, but while masks are expanded.
void CoordinatorSession::Core::announce(CoordinatorEffects& effects) const {
  if (!group_ || std::holds_alternative<Expanding>(phase_)) return;
  for (const Member& member : group_->members) {
    if (!member.out) effects.emplace_back(coordinator_effect::MessageReady{member.handle});
  }
}

CoordinatorEffects CoordinatorSession::Core::abort(AbortReason reason, CoordinatorEffects effects) {
  std::vector<DeviceHandle> told;
  if (const auto* phase = std::get_if<Advertising>(&phase_)) {
    for (const Member& member : phase->members) told.push_back(member.handle);
  } else {
    for (const Member& member : group_->members) {
      if (!member.out) told.push_back(member.handle);
    }
  }
  phase_ = Aborted{reason};
  awaited_ = 0;
  effects.emplace_back(coordinator_effect::Save{});
  for (const DeviceHandle device : told) {
    effects.emplace_back(coordinator_effect::MessageReady{device});
  }
  effects.emplace_back(coordinator_effect::Finished{});
  return effects;
}

CoordinatorEffects CoordinatorSession::Core::close_if_nobody_is_awaited(
    CoordinatorEffects effects) {
  if (!group_ || awaited_ > 0) return effects;
  return close(std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::close_step() { return close({}); }

CoordinatorEffects CoordinatorSession::Core::device_gone(DeviceHandle device) {
  CoordinatorEffects effects;
  const Member* member = find(device);
  if (member == nullptr || member->out ||
      phase_.index() >= static_cast<std::size_t>(CoordinatorStep::kExpand)) {
    return effects;
  }
  drop({device, Fault::kGone, {}, {}}, effects);
  return close_if_nobody_is_awaited(std::move(effects));
}

CoordinatorEffects CoordinatorSession::Core::stop() {
  if (phase_.index() >= static_cast<std::size_t>(CoordinatorStep::kCompleted)) return {};
  return abort(AbortReason::kStopped, {});
}

CoordinatorEffects CoordinatorSession::Core::resume() {
  CoordinatorEffects effects;
  announce(effects);
  if (std::holds_alternative<Expanding>(phase_)) {
    effects.emplace_back(coordinator_effect::WorkReady{});
  } else if (phase_.index() >= static_cast<std::size_t>(CoordinatorStep::kCompleted)) {
    effects.emplace_back(coordinator_effect::Finished{});
  }
  return effects;
}

std::vector<DeviceHandle> CoordinatorSession::Core::uploading() const {
  std::vector<DeviceHandle> devices;
  if (const auto* masking = std::get_if<Masking>(&phase_)) {
    for (const Position position : masking->sum.staged()) {
      devices.push_back(group_->members[position].handle);
    }
  }
  return devices;
}

// The public face.

namespace {

Status check(const CoordinatorOptions& options) {
  COVEY_RETURN_IF_ERROR(options.context.validate());
  if (options.verifier == nullptr)
    return invalid_argument("a coordinator session needs a verifier");
  if (options.maximum_devices < 2 || options.maximum_devices > kMaxDevices ||
      options.minimum_devices > options.maximum_devices) {
    return invalid_argument("a group has at most 2 to " + std::to_string(kMaxDevices) +
                            " devices, and its minimum is not above that; found " +
                            std::to_string(options.minimum_devices) + " to " +
                            std::to_string(options.maximum_devices));
  }
  if (options.slice_blocks == 0) return invalid_argument("slice_blocks is at least 1");
  return {};
}

}  // namespace

CoordinatorSession::CoordinatorSession(std::unique_ptr<Core> core) : core_(std::move(core)) {}
CoordinatorSession::CoordinatorSession(CoordinatorSession&&) noexcept = default;
CoordinatorSession& CoordinatorSession::operator=(CoordinatorSession&&) noexcept = default;
CoordinatorSession::~CoordinatorSession() = default;

Result<CoordinatorSession> CoordinatorSession::create(CoordinatorOptions options) {
  COVEY_RETURN_IF_ERROR(check(options));
  return CoordinatorSession(std::make_unique<Core>(std::move(options)));
}

Result<CoordinatorSession> CoordinatorSession::restore(CoordinatorOptions options, ByteView saved) {
  COVEY_RETURN_IF_ERROR(check(options));
  COVEY_ASSIGN_OR_RETURN(auto core, Core::load(std::move(options), saved));
  return CoordinatorSession(std::move(core));
}

Bytes CoordinatorSession::save() const { return core_->save(); }
CoordinatorEffects CoordinatorSession::resume() { return core_->resume(); }
CoordinatorEffects CoordinatorSession::receive(DeviceHandle device, Bytes message) {
  return core_->receive(device, std::move(message));
}
CoordinatorEffects CoordinatorSession::device_gone(DeviceHandle device) {
  return core_->device_gone(device);
}
CoordinatorEffects CoordinatorSession::close_step() { return core_->close_step(); }
CoordinatorEffects CoordinatorSession::stop() { return core_->stop(); }
Result<Bytes> CoordinatorSession::message_for(DeviceHandle device) const {
  return core_->message_for(device);
}
std::size_t CoordinatorSession::work_parts() const { return core_->work_parts(); }
void CoordinatorSession::run_part(std::size_t part) { core_->run_part(part); }
CoordinatorEffects CoordinatorSession::work_done() { return core_->work_done(); }

std::vector<DeviceHandle> CoordinatorSession::uploading() const { return core_->uploading(); }
std::uint64_t CoordinatorSession::progress() const { return core_->progress(); }

CoordinatorStep CoordinatorSession::step() const {
  return static_cast<CoordinatorStep>(core_->phase().index());
}

std::optional<AbortReason> CoordinatorSession::abort_reason() const {
  const auto* aborted = std::get_if<Aborted>(&core_->phase());
  return aborted == nullptr ? std::nullopt : std::optional(aborted->reason);
}

std::optional<GroupParameters> CoordinatorSession::parameters() const {
  return core_->group() ? std::optional(core_->group()->parameters) : std::nullopt;
}

std::size_t CoordinatorSession::advertised() const {
  if (core_->group()) return core_->group()->members.size();
  const auto* phase = std::get_if<Advertising>(&core_->phase());
  return phase == nullptr ? 0 : phase->members.size();
}

std::optional<DeviceHandle> CoordinatorSession::device_at(Position position) const {
  if (!core_->group() || position >= core_->group()->members.size()) return std::nullopt;
  return core_->group()->members[position].handle;
}

const ring::RingVector& CoordinatorSession::sum() const { return core_->completed().sum; }
const std::vector<DeviceHandle>& CoordinatorSession::survivors() const {
  return core_->completed().survivors;
}
void CoordinatorSession::publish(const Digest& model) { core_->completed().model = model; }

}  // namespace covey::secagg
