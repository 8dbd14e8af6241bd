#include "covey/coordinator/records.h"

namespace covey::coordinator {

std::string_view name_of(TaskState state) {
  switch (state) {
    case TaskState::kRunning:
      return "running";
    case TaskState::kPaused:
      return "paused";
    case TaskState::kStopped:
      return "stopped";
    case TaskState::kCompleted:
      return "completed";
    case TaskState::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string_view name_of(RoundState state) {
  switch (state) {
    case RoundState::kOpen:
      return "open";
    case RoundState::kCompleted:
      return "completed";
    case RoundState::kAborted:
      return "aborted";
  }
  return "unknown";
}

}  // namespace covey::coordinator
