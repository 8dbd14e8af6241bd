#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"

namespace covey::coordinator {

// For trials of what a kill loses: the instant at which a process is to die, and at which time that
// it comes there. There are two instants of every operation, just before it and just after it:
// "before-commit", "after-commit".
struct DeathPoint {
  std::size_t operation = 0;  // its place among the operations
  bool is_after = false;
  std::uint64_t passing = 1;  // from 1

  // `text`: INSTANT:N. kInvalidArgument, with all instants that there are, when it is not.
  static Result<DeathPoint> read(const std::string& text,
                                 std::span<const std::string_view> operations);
};
// All of them, in the order of the operations.
std::vector<std::string> instants_of(std::span<const std::string_view> operations);

// Counts, and kills the process with SIGKILL when it is there. Thread-safe.
class Fuse {
 public:
  explicit Fuse(const DeathPoint& point) : point_(point) {}
  void before(std::size_t operation) { pass(operation, false); }
  void after(std::size_t operation) { pass(operation, true); }

 private:
  void pass(std::size_t operation, bool is_after);

  const DeathPoint point_;
  std::atomic<std::uint64_t> passings_ = 0;
};

}  // namespace covey::coordinator
