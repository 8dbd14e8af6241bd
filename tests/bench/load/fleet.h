#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/load/devices.h"

namespace covey::bench {

// Many devices of one kind for one task, on a few lanes, each with a connection of its own. Used
// from one thread. All are gone, and their connections closed, when it is destroyed.
class Fleet {
 public:
  explicit Fleet(LoadFederation& federation) : federation_(federation) {}
  ~Fleet();
  Fleet(const Fleet&) = delete;

  // Begin, and return when each has had an answer. kDeadlineExceeded when some have not.
  Status add_workers(std::size_t count, const std::string& task, std::uint64_t model_length);
  Status add_pollers(std::size_t count, const std::string& task);

  Tally& tally() { return tally_; }
  void set_eager(bool is_eager) { is_eager_ = is_eager; }

 private:
  Status open_lanes();
  template <typename Make>
  Status add(const char* kind, std::size_t count, const Make& make);

  LoadFederation& federation_;
  Tally tally_;
  std::atomic<bool> is_eager_ = false;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<LoadDevice>> devices_;
};

}  // namespace covey::bench
