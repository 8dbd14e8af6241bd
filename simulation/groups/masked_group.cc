#include "simulation/groups/masked_group.h"

#include "covey/coordinator/group_options.h"

namespace covey::simulation {

using namespace secagg;

namespace {

constexpr std::uint64_t kEpoch = 1;  // this coordinator never restarts
constexpr Milliseconds kSlowDown{200};

}  // namespace

Result<std::unique_ptr<VirtualGroup>> MaskedGroup::open(const Options& options, Milliseconds now) {
  const RoundMaterial& material = options.material;
  CoordinatorOptions session_options = coordinator::group_options(
      material.plan,
      {material.plan.task, material.assignment.round.round, options.number,
       material.assignment.plan.digest, material.assignment.model.digest, material.codec.shape()},
      options.members);
  session_options.verifier = &options.verifier;
  COVEY_ASSIGN_OR_RETURN(auto session, CoordinatorSession::create(std::move(session_options)));
  return std::unique_ptr<VirtualGroup>(new MaskedGroup(options, std::move(session), now));
}

MaskedGroup::MaskedGroup(const Options& options, CoordinatorSession session, Milliseconds now)
    : workers_(options.workers),
      session_(std::move(session)),
      clock_(options.step_idle, options.material.vector_bytes, now) {}

federation::SendReply MaskedGroup::send(DeviceHandle device, ByteView message, VirtualDevice&,
                                        Milliseconds now) {
  if (is_over()) return federation::Accepted{kEpoch};
  const bool is_busy = apply(session_.receive(device, to_bytes(message)), device);
  clock_.heard(device, session_, now);
  if (is_busy) return federation::ComeBack{kSlowDown, kEpoch};
  return federation::Accepted{kEpoch};
}

bool MaskedGroup::apply(CoordinatorEffects effects, DeviceHandle sender) {
  bool is_busy = false;
  bool has_work = false;
  const auto take = [&](const CoordinatorEffects& some) {
    for (const CoordinatorEffect& effect : some) {
      if (const auto* ready = std::get_if<coordinator_effect::MessageReady>(&effect)) {
        unread_.insert(ready->device);
        answerable_.insert(ready->device);
      } else if (const auto* slow = std::get_if<coordinator_effect::SlowDown>(&effect)) {
        is_busy = is_busy || slow->device == sender;
      } else if (const auto* drop = std::get_if<coordinator_effect::Drop>(&effect)) {
        unread_.insert(drop->device);
        answerable_.insert(drop->device);
      } else if (std::holds_alternative<coordinator_effect::WorkReady>(effect)) {
        has_work = true;
      }
    }
  };
  take(effects);
  while (std::exchange(has_work, false)) {
    workers_.run_all(session_.work_parts(),
                     [&](std::size_t part, std::size_t) { session_.run_part(part); });
    take(session_.work_done());
  }
  return is_busy;
}

std::optional<Bytes> MaskedGroup::receive(DeviceHandle device,
                                          const federation::ReceiveRequest& request) {
  // One that has come back from a crash does not know what it has seen.
  if (!unread_.contains(device) && request.seen) return std::nullopt;
  auto message = session_.message_for(device);
  if (!message) return std::nullopt;
  unread_.erase(device);
  answerable_.erase(device);
  return std::move(*message);
}

std::vector<DeviceHandle> MaskedGroup::take_answerable() {
  std::vector<DeviceHandle> devices(answerable_.begin(), answerable_.end());
  answerable_.clear();
  return devices;
}

void MaskedGroup::tick(Milliseconds now) {
  if (is_over()) return;
  const coordinator::StepClock::Due due = clock_.tick(session_, now);
  if (due.gone) apply(session_.device_gone(*due.gone), *due.gone);
  if (due.closes_step && !is_over()) apply(session_.close_step(), 0);
  clock_.look(session_, now);
}

std::optional<Milliseconds> MaskedGroup::next_tick() const {
  if (is_over()) return std::nullopt;
  return clock_.next_tick();
}

std::optional<coordinator::GroupEnd> MaskedGroup::end() const {
  if (!is_over()) return std::nullopt;
  if (const auto reason = session_.abort_reason()) {
    return coordinator::GroupEnd{false, 0, std::string(name_of(*reason))};
  }
  return coordinator::GroupEnd{true, static_cast<std::uint32_t>(survivors()), {}};
}

}  // namespace covey::simulation
