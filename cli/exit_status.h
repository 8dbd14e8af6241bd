#pragma once

#include "covey/base/error.h"

// What every command ends with; cli/README.md says it to people.
namespace covey::cli {

inline constexpr int kOk = 0;
inline constexpr int kRefused = 1;    // refused, or failed
inline constexpr int kBadUsage = 2;   // the command line is wrong
inline constexpr int kNoDaemon = 3;   // no coordinator answers on the socket
inline constexpr int kNoSuccess = 4;  // task wait: the task has ended without success
inline constexpr int kAuditBroken = 5;
inline constexpr int kTimedOut = 6;  // task wait --timeout

inline int status_of(const Error& error) {
  return error.code == ErrorCode::kUnavailable ? kNoDaemon : kRefused;
}

}  // namespace covey::cli
