#include "simulation/groups/plain_group.h"

#include "covey/aggregation/secagg/reasons.h"

namespace covey::simulation {

PlainGroup::PlainGroup(const RoundMaterial& material, const std::vector<DeviceHandle>& members,
                       Milliseconds step_idle, Milliseconds now)
    : material_(material),
      awaited_(members.begin(), members.end()),
      step_idle_(step_idle),
      progress_at_(now) {}

federation::SendReply PlainGroup::send(DeviceHandle device, ByteView, VirtualDevice& sender,
                                       Milliseconds now) {
  if (end_ || awaited_.erase(device) == 0) return federation::Accepted{};
  progress_at_ = now;
  ring::RingVector update = sender.take_update();
  if (survivors_ == 0) {
    sum_ = std::move(update);
  } else {
    sum_.add(update);
  }
  ++survivors_;
  if (awaited_.empty()) close();
  return federation::Accepted{};
}

void PlainGroup::tick(Milliseconds now) {
  if (!end_ && now - progress_at_ >= step_idle_) close();
}

std::optional<Milliseconds> PlainGroup::next_tick() const {
  if (end_) return std::nullopt;
  return progress_at_ + step_idle_;
}

void PlainGroup::close() {
  if (survivors_ < std::max<std::size_t>(material_.plan.secure.minimum_survivors, 1)) {
    end_ = coordinator::GroupEnd{
        false, 0, std::string(secagg::name_of(secagg::AbortReason::kTooFewSurvivors))};
    return;
  }
  sum_.reduce(material_.codec.shape().bits);
  end_ = coordinator::GroupEnd{true, static_cast<std::uint32_t>(survivors_), {}};
}

}  // namespace covey::simulation
