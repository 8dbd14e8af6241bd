#pragma once

// COVEY_CHECK(condition): ends the process when Covey itself is wrong. Never for what a peer, a
// file, a flag or the network can cause (those are a Result). A comment at each use says why the
// condition holds.

namespace covey {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace covey

#define COVEY_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::covey::check_failed(#condition, __FILE__, __LINE__))
