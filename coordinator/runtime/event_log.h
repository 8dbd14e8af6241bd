#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "covey/coordinator/federation.h"

namespace covey::coordinator {

// What happens, one fact a line: for the operator's terminal (through `sink`) and, the newest
// lines, for `covey log`. Callers put in names that certificates or the operator gave, numbers and
// words of ours; never text of a peer, a model's values or keys. Thread-safe.
class EventLog {
 public:
  using Sink = std::function<void(const LogLine&)>;  // one line at a time, in order

  EventLog(std::size_t capacity, Sink sink) : capacity_(capacity), sink_(std::move(sink)) {}

  void info(UnixMs at, std::string text) { add(at, "info", std::move(text)); }
  void warning(UnixMs at, std::string text) { add(at, "warning", std::move(text)); }
  void error(UnixMs at, std::string text) { add(at, "error", std::move(text)); }

  std::vector<LogLine> after(std::uint64_t sequence, std::size_t limit) const;

 private:
  void add(UnixMs at, const char* level, std::string text);

  const std::size_t capacity_;
  const Sink sink_;
  mutable std::mutex mutex_;
  std::deque<LogLine> lines_;
  std::uint64_t last_ = 0;
};

}  // namespace covey::coordinator
