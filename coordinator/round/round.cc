#include "covey/coordinator/round.h"

#include <algorithm>

namespace covey::coordinator {
namespace {

constexpr std::uint32_t kFormat = 1;
constexpr Milliseconds kLongestPatience{10'000};
constexpr std::uint64_t kLongestRoundMs = std::uint64_t{1} << 45;  // a thousand years

std::string of(std::size_t found, const char* what, std::size_t expected) {
  return std::to_string(found) + " " + what + ", and the task asks for " + std::to_string(expected);
}

RoundEffects one(RoundEffect effect) {
  RoundEffects effects;
  effects.push_back(std::move(effect));
  return effects;
}

}  // namespace

std::string_view name_of(Round::Phase phase) {
  switch (phase) {
    case Round::Phase::kTraining:
      return "training";
    case Round::Phase::kAggregating:
      return "aggregating";
    case Round::Phase::kMerging:
      return "merging";
    case Round::Phase::kCompleted:
      return "completed";
    case Round::Phase::kAborted:
      return "aborted";
  }
  return "unknown";
}

Round::Round(const CohortRules& rules, Milliseconds now)
    : rules_(rules), started_(now), cohort_(rules) {}

Milliseconds Round::patience(const CohortRules& rules) {
  return std::min(kLongestPatience, rules.training_deadline / 4);
}

bool Round::check_in(DeviceHandle device) {
  return phase_ == Phase::kTraining && cohort_.assign(device);
}

RoundEffects Round::ready(DeviceHandle device, Milliseconds now) {
  if (phase_ != Phase::kTraining || !cohort_.ready(device)) return {};
  return close_if_ready(now);
}

RoundEffects Round::leave(DeviceHandle device, Milliseconds now) {
  if (phase_ != Phase::kTraining) return {};
  cohort_.leave(device);
  return close_if_ready(now);
}

RoundEffects Round::tick(Milliseconds now) {
  if (phase_ != Phase::kTraining) return {};
  if (now - started_ < rules_.training_deadline) return close_if_ready(now);
  if (cohort_.is_minimum()) return close_training();
  const std::size_t trained = cohort_.count(Cohort::State::kReady);
  return abort("too few devices trained in time: " + of(trained, "did", rules_.minimum));
}

RoundEffects Round::close_if_ready(Milliseconds now) {
  const bool waited = now - started_ >= patience(rules_);
  if (cohort_.is_enough() || (waited && cohort_.is_settled() && cohort_.is_minimum())) {
    return close_training();
  }
  return {};
}

RoundEffects Round::close_training() {
  groups_ = cohort_.form_groups();
  ends_.assign(groups_.size(), std::nullopt);
  phase_ = Phase::kAggregating;
  return one(round_effect::FormGroups{groups_});
}

RoundEffects Round::group_ended(std::uint32_t group, GroupEnd end) {
  if (phase_ != Phase::kAggregating || group >= ends_.size() || ends_[group]) return {};
  ends_[group] = std::move(end);
  if (std::ranges::any_of(ends_, [](const auto& entry) { return !entry; })) return {};
  round_effect::Merge merge;
  std::string last_reason;
  for (std::uint32_t i = 0; i < ends_.size(); ++i) {
    if (ends_[i]->is_completed) {
      merge.groups.push_back(i);
    } else {
      last_reason = ends_[i]->reason;
    }
  }
  if (merge.groups.empty()) return abort(last_reason);
  phase_ = Phase::kMerging;
  return one(std::move(merge));
}

void Round::published() {
  if (phase_ == Phase::kMerging) phase_ = Phase::kCompleted;
}

RoundEffects Round::abort(std::string reason) {
  if (is_over()) return {};
  phase_ = Phase::kAborted;
  reason_ = std::move(reason);
  return one(round_effect::Aborted{reason_});
}

RoundEffects Round::resume() const {
  if (phase_ == Phase::kAggregating) return one(round_effect::FormGroups{groups_});
  if (phase_ != Phase::kMerging) return {};
  round_effect::Merge merge;
  for (std::uint32_t i = 0; i < ends_.size(); ++i) {
    if (ends_[i] && ends_[i]->is_completed) merge.groups.push_back(i);
  }
  return one(std::move(merge));
}

std::optional<std::uint32_t> Round::group_of(DeviceHandle device) const {
  for (std::uint32_t i = 0; i < groups_.size(); ++i) {
    if (std::ranges::find(groups_[i], device) != groups_[i].end()) return i;
  }
  return std::nullopt;
}

Round::Place Round::place(DeviceHandle device) const {
  switch (cohort_.state(device).value_or(Cohort::State::kLeft)) {
    case Cohort::State::kTraining:
      return phase_ == Phase::kTraining ? Place::kTraining : Place::kTooLate;
    case Cohort::State::kReady:
      return phase_ == Phase::kTraining ? Place::kReady : Place::kTooLate;
    case Cohort::State::kGrouped:
      return Place::kInGroup;
    case Cohort::State::kLeft:
      return Place::kOutside;
  }
  return Place::kOutside;
}

std::optional<Milliseconds> Round::next_tick() const {
  if (phase_ != Phase::kTraining) return std::nullopt;
  const Milliseconds deadline = started_ + rules_.training_deadline;
  const bool only_waits = cohort_.is_settled() && cohort_.is_minimum();
  return only_waits ? std::min(deadline, started_ + patience(rules_)) : deadline;
}

Bytes Round::save(Milliseconds now) const {
  ByteWriter out;
  out.u32(kFormat);
  out.u8(static_cast<std::uint8_t>(phase_));
  out.u64(static_cast<std::uint64_t>(std::max(now - started_, Milliseconds(0)).count()));
  cohort_.save(out);
  out.u64(groups_.size());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    out.u64(groups_[i].size());
    for (const DeviceHandle device : groups_[i]) out.u32(device);
    out.u8(!ends_[i] ? 0 : ends_[i]->is_completed ? 1 : 2);
    if (!ends_[i]) continue;
    out.u32(ends_[i]->survivors);
    out.sized(view_of(ends_[i]->reason));
  }
  out.sized(view_of(reason_));
  return out.take();
}

Result<Round> Round::restore(const CohortRules& rules, ByteView saved, Milliseconds now) {
  ByteReader in(saved);
  Round round(rules, now);
  if (in.u32() != kFormat) in.fail();
  const std::uint8_t phase = in.u8();
  if (phase < 1 || phase > static_cast<std::uint8_t>(Phase::kAborted)) in.fail();
  round.phase_ = static_cast<Phase>(phase);
  const std::uint64_t elapsed_ms = in.u64();
  if (elapsed_ms > kLongestRoundMs) in.fail();
  round.started_ = now - Milliseconds(in.ok() ? static_cast<std::int64_t>(elapsed_ms) : 0);
  round.cohort_.load(in);
  const std::uint64_t groups = in.u64();
  for (std::uint64_t i = 0; i < groups && in.ok(); ++i) {
    std::vector<DeviceHandle> devices;
    const std::uint64_t count = in.u64();
    for (std::uint64_t j = 0; j < count && in.ok(); ++j) devices.push_back(in.u32());
    round.groups_.push_back(std::move(devices));
    const std::uint8_t end = in.u8();
    round.ends_.emplace_back();
    if (end == 0) continue;
    GroupEnd ended{end == 1, in.u32(), {}};
    ended.reason = text_of(in.sized());
    round.ends_.back() = std::move(ended);
  }
  round.reason_ = text_of(in.sized());
  COVEY_RETURN_IF_ERROR(in.finish("the saved round"));
  return round;
}

}  // namespace covey::coordinator
