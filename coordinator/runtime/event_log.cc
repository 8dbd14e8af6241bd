#include "coordinator/runtime/event_log.h"

#include <algorithm>

namespace covey::coordinator {

void EventLog::add(UnixMs at, const char* level, std::string text) {
  const std::lock_guard lock(mutex_);  // held over the sink: it writes, and never calls back
  lines_.push_back({++last_, at, level, std::move(text)});
  if (lines_.size() > capacity_) lines_.pop_front();
  if (sink_) sink_(lines_.back());
}

std::vector<LogLine> EventLog::after(std::uint64_t sequence, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::ranges::upper_bound(lines_, sequence, {}, &LogLine::sequence);
  const auto available = static_cast<std::size_t>(lines_.end() - first);
  return {first, first + static_cast<std::ptrdiff_t>(std::min(available, limit))};
}

}  // namespace covey::coordinator
