#include "client/participant/round_limit.h"

#include <algorithm>

#include "client/participant/saved_form.h"

namespace covey::client {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kFormat = 1;
constexpr milliseconds kDay = std::chrono::hours(24);

}  // namespace

Status RoundLimit::restore(ByteView saved) {
  ByteReader in = unsealed(saved, kFormat);
  while (in.ok() && in.remaining() > 0) {
    begun_.emplace_back(static_cast<std::int64_t>(in.u64()));
  }
  Status status = in.finish("the count of rounds a day");
  if (!status) begun_.assign(most_a_day_.value_or(0), milliseconds::max());
  return status;
}

SecretBytes RoundLimit::to_bytes() const {
  ByteWriter out;
  out.u32(kFormat);
  for (const milliseconds time : begun_) out.u64(static_cast<std::uint64_t>(time.count()));
  return sealed(std::move(out));
}

void RoundLimit::forget_old(milliseconds now) {
  for (milliseconds& time : begun_) time = std::min(time, now);
  std::erase_if(begun_, [&](milliseconds time) { return now - time >= kDay; });
}

milliseconds RoundLimit::pause(milliseconds now) {
  if (!most_a_day_) return milliseconds(0);
  if (*most_a_day_ == 0) return kDay;
  forget_old(now);
  if (begun_.size() < *most_a_day_) return milliseconds(0);
  return begun_[begun_.size() - *most_a_day_] + kDay - now;
}

void RoundLimit::begin(milliseconds now) {
  forget_old(now);
  begun_.push_back(now);
}

}  // namespace covey::client
