#include "simulation/engine/round_run.h"

#include <algorithm>

#include "simulation/devices/masked_device.h"
#include "simulation/devices/plain_device.h"
#include "simulation/groups/masked_group.h"
#include "simulation/groups/plain_group.h"

namespace covey::simulation {

using namespace client;
using coordinator::Round;

namespace {

constexpr std::uint64_t kDeviceStream = 0x6465766963;  // apart from the seed's other uses

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

RoundRun::RoundRun(const Surroundings& surroundings, const std::vector<std::size_t>& devices,
                   Milliseconds now)
    : around_(surroundings),
      is_masked_(surroundings.material.plan.secure.masking == plan::Masking::kSecure),
      times_(surroundings.spec.simulation),
      round_(surroundings.spec.task.cohort, now),
      started_(now),
      now_(now) {
  if (Status status = enlist(devices); !status) error_ = status.error();
}

RoundRun::~RoundRun() {
  for (const auto& player : players_) around_.workers.cancel(player->work);
}

Status RoundRun::enlist(const std::vector<std::size_t>& devices) {
  const std::uint64_t seed = around_.spec.simulation.seed;
  const std::uint64_t round = around_.material.assignment.round.round;
  for (const std::size_t device : devices) {
    auto player = std::make_unique<Player>(
        device, datasets::mixed_seed(datasets::mixed_seed(seed ^ kDeviceStream, round), device));
    player->fault = around_.spec.faults.draw(seed, round, device);
    if (is_masked_) {
      const bool crashes = player->fault && player->fault->kind == FaultKind::kCrash;
      COVEY_ASSIGN_OR_RETURN(player->body,
                             MaskedDevice::create(around_.material, key_of_device(seed, device),
                                                  around_.verifier, player->random, crashes));
    } else {
      player->body = std::make_unique<PlainDevice>(around_.material, player->random);
    }
    const auto handle = static_cast<DeviceHandle>(device);
    if (!places_.emplace(handle, players_.size()).second) {
      return invalid_argument("device " + std::to_string(device) +
                              " was selected twice for one round");
    }
    players_.push_back(std::move(player));
  }
  for (const auto& player : players_) tell(*player, participant_event::Begin{}, now_);
  return {};
}

Result<RoundOutcome> RoundRun::run() {
  while (!is_over_ && !error_) {
    const auto tick_at = next_tick();
    if (tick_at && (queue_.empty() || *tick_at <= queue_.top().at)) {
      now_ = std::max(now_, *tick_at);
      tick();
      continue;
    }
    COVEY_CHECK(!queue_.empty());  // a round that waits for nobody has a deadline
    const Entry next = queue_.top();
    queue_.pop();
    now_ = next.at;
    Player& player = *players_[next.player];
    if (player.is_out) continue;
    if (next.kind == Kind::kReturns) {
      player.body->crash();
      tell(player, participant_event::Begin{}, now_);
    } else if (next.kind == Kind::kActs) {
      act(player);
    } else {
      arrive(player);
    }
  }
  for (const auto& player : players_) around_.workers.cancel(player->work);
  if (error_) return *error_;
  const auto wall_end = std::chrono::steady_clock::now();
  if (outcome_.groups.empty()) wall_groups_ = wall_end;
  outcome_.training_seconds = seconds_between(wall_start_, wall_groups_);
  outcome_.aggregation_seconds = seconds_between(wall_groups_, wall_end);
  outcome_.assigned = round_.cohort().assigned();
  outcome_.duration = now_ - started_;
  const auto late = std::ranges::count_if(players_, [](const auto& one) { return one->is_late; });
  const std::uint64_t lost = outcome_.survivors + static_cast<std::uint64_t>(late);
  outcome_.dropped = outcome_.assigned - std::min(outcome_.assigned, lost);
  return std::move(outcome_);
}

void RoundRun::put(Milliseconds at, std::size_t player, Kind kind) {
  queue_.push({at, put_++, player, kind});
}

void RoundRun::tell(Player& player, ParticipantEvent event, Milliseconds at) {
  put(at, place_of(player), Kind::kActs);
  if (player.body->is_quick(event)) {
    player.operation = player.body->step(std::move(event), at);
    return;
  }
  // Shared with the job, which must be copyable, as std::function asks.
  auto shared = std::make_shared<ParticipantEvent>(std::move(event));
  player.work = around_.workers.submit(at, [&player, shared, at](std::size_t, std::stop_token) {
    player.operation = player.body->step(std::move(*shared), at);
  });
}

void RoundRun::arrive(Player& player) {
  std::visit([&](const auto& call) { arrive(player, call); }, player.operation);
}

void RoundRun::arrive(Player& player, const operation::CheckIn&) {
  if (!round_.check_in(static_cast<DeviceHandle>(player.device))) return leave(player);
  tell(player, participant_event::CheckedIn{around_.material.assignment}, now_ + times_.message());
}

void RoundRun::arrive(Player& player, const operation::Fetch& call) {
  const bool is_plan = call.blob == around_.material.assignment.plan;
  const auto& blob = is_plan ? around_.material.plan_file : around_.material.model_file;
  outcome_.bytes_down += call.blob.size_bytes;
  tell(player, participant_event::Fetched{blob}, now_ + times_.transfer(call.blob.size_bytes));
}

void RoundRun::arrive(Player& player, const operation::Join&) {
  const auto handle = static_cast<DeviceHandle>(player.device);
  player.is_waiting = true;
  if (round_.place(handle) == Round::Place::kTraining) apply(round_.ready(handle, now_));
  answer_join(player);
}

// A device that waits for its group, once there are groups.
void RoundRun::answer_join(Player& player) {
  if (!player.is_waiting || round_.phase() == Round::Phase::kTraining) return;
  if (!std::holds_alternative<operation::Join>(player.operation)) return;
  player.is_waiting = false;
  if (!player.group) {
    player.is_late = true;
    return leave(player);
  }
  tell(player, participant_event::Joined{federation::InGroup{*player.group}},
       now_ + times_.message());
}

void RoundRun::arrive(Player& player, const operation::Send& call) {
  if (!player.group) return leave(player);
  outcome_.bytes_up += is_masked_ ? call.message.size() : around_.material.vector_bytes;
  Bytes damaged;
  ByteView message = call.message;
  if (std::exchange(player.corrupts, false)) {
    damaged = to_bytes(message);
    damaged[damaged.size() / 2] ^= 1;
    message = damaged;
  }
  auto reply = outcome_.groups[*player.group]->send(static_cast<DeviceHandle>(player.device),
                                                    message, *player.body, now_);
  tell(player, participant_event::Sent{std::move(reply)}, now_ + times_.transfer(0));
  answer_receives();
  collect_ends();
}

void RoundRun::arrive(Player& player, const operation::Receive& call) {
  if (!player.group) return leave(player);
  auto message = outcome_.groups[*player.group]->receive(static_cast<DeviceHandle>(player.device),
                                                         call.request);
  player.is_waiting = !message.has_value();
  if (!message) return;
  ++player.messages;
  outcome_.bytes_down += message->size();
  const Milliseconds at = now_ + times_.transfer(message->size());
  tell(player, participant_event::Received{federation::GroupMessage{1, std::move(*message)}}, at);
}

void RoundRun::answer_receives() {
  for (const auto& group : outcome_.groups) {
    for (const DeviceHandle handle : group->take_answerable()) {
      Player& player = player_of(handle);
      if (!player.is_waiting || player.is_out) continue;  // else a worker may have it
      const auto* call = std::get_if<operation::Receive>(&player.operation);
      if (call != nullptr) arrive(player, *call);
    }
  }
}

void RoundRun::arrive(Player& player, const operation::Decline& call) {
  if (!player.error) {
    std::string why = "it declines: " + std::string(federation::name_of(call.reason));
    if (const auto error = player.body->last_error()) why += ": " + error->message;
    player.error = Error{ErrorCode::kInvalidArgument, std::move(why)};
  }
  leave(player);
  apply(round_.leave(static_cast<DeviceHandle>(player.device), now_));
}

void RoundRun::apply(coordinator::RoundEffects effects) {
  namespace effect = coordinator::round_effect;
  for (coordinator::RoundEffect& next : effects) {
    if (auto* form = std::get_if<effect::FormGroups>(&next)) {
      form_groups(form->groups);
    } else if (auto* merge = std::get_if<effect::Merge>(&next)) {
      outcome_.completed = std::move(merge->groups);
      for (const std::uint32_t group : outcome_.completed) {
        outcome_.survivors += outcome_.groups[group]->survivors();
      }
      is_over_ = true;
    } else if (auto* aborted = std::get_if<effect::Aborted>(&next)) {
      outcome_.reason = explained(std::move(aborted->reason));
      is_over_ = true;
    }
  }
}

void RoundRun::form_groups(const std::vector<std::vector<DeviceHandle>>& groups) {
  wall_groups_ = std::chrono::steady_clock::now();
  const Milliseconds idle = around_.spec.task.cohort.step_idle;
  for (std::uint32_t number = 0; number < groups.size(); ++number) {
    outcome_.cohort += groups[number].size();
    for (const DeviceHandle handle : groups[number]) player_of(handle).group = number;
    if (!is_masked_) {
      outcome_.groups.push_back(
          std::make_unique<PlainGroup>(around_.material, groups[number], idle, now_));
      continue;
    }
    auto group = MaskedGroup::open(
        {around_.material, number, groups[number].size(), idle, around_.verifier, around_.workers},
        now_);
    if (!group) return apply(round_.abort(group.error().message));
    outcome_.groups.push_back(std::move(*group));
  }
  is_end_taken_.assign(groups.size(), false);
  // Whoever still trains does so for nothing.
  for (const auto& player : players_) {
    if (!player->group && !player->is_out) {
      player->is_late = true;
      leave(*player);
    }
  }
  for (const auto& player : players_) answer_join(*player);
}

void RoundRun::collect_ends() {
  for (std::uint32_t i = 0; i < is_end_taken_.size() && !is_over_; ++i) {
    if (is_end_taken_[i]) continue;
    if (auto end = outcome_.groups[i]->end()) {
      is_end_taken_[i] = true;
      apply(round_.group_ended(i, std::move(*end)));
    }
  }
}

std::optional<Milliseconds> RoundRun::next_tick() const {
  std::optional<Milliseconds> next = round_.next_tick();
  for (const auto& group : outcome_.groups) {
    const auto at = group->next_tick();
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

void RoundRun::tick() {
  apply(round_.tick(now_));
  for (const auto& group : outcome_.groups) {
    const auto at = group->next_tick();
    if (at && *at <= now_) group->tick(now_);
  }
  answer_receives();
  collect_ends();
}

std::string RoundRun::explained(std::string reason) const {
  for (const auto& player : players_) {
    if (!player->error) continue;
    return reason + "; device " + std::to_string(player->device) + ": " + player->error->message;
  }
  return reason;
}

}  // namespace covey::simulation
