#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "covey/base/bytes.h"

namespace covey::testing {

// The network between devices and the coordinator, as a test wants it: a port on loopback whose
// connections are joined to the coordinator's, and which can be cut, stalled, slowed down, counted
// and listened to. Faithful until it is told otherwise; it keeps next to nothing in its own
// buffers, so that who sends notices how the link is. Several devices may share one.
//
// Thread-safe. Owns one thread, which ends with it.
class Link {
 public:
  enum class Direction { kUp, kDown };  // from the devices, and to them

  // Bytes that were passed on, connections that were accepted, and times at which all that were
  // open were cut; from the beginning.
  struct Traffic {
    std::uint64_t up = 0;
    std::uint64_t down = 0;
    std::uint64_t connections = 0;
    std::uint64_t cuts = 0;
    std::uint64_t of(Direction direction) const { return direction == Direction::kUp ? up : down; }
  };
  // What passed over one connection.
  struct Recording {
    Bytes up;
    Bytes down;
  };

  // `target`: "127.0.0.1:PORT". A connection that comes while nobody listens there is closed.
  explicit Link(const std::string& target);
  ~Link();
  Link(const Link&) = delete;

  const std::string& address() const;          // "127.0.0.1:PORT", for the devices
  void set_target(const std::string& target);  // of the connections to come

  // Resets all connections; they are gone when it returns. New ones are accepted.
  void cut();
  // Does the same, once, when so many more bytes have passed in this direction: no byte after them
  // does. Takes the place of an earlier one that is not due yet.
  void cut_after(Direction direction, std::uint64_t bytes);
  bool is_cut_due() const;  // set by cut_after, and not done yet
  // Connections stay open and new ones are accepted, but nothing passes.
  void stall(bool is_stalled);
  // In each direction, over all connections; 0: as fast as it goes.
  void limit(std::uint64_t bytes_per_second);

  Traffic traffic() const;

  // From now on what passes is kept, by connection, in the order in which they came.
  void record();
  std::vector<Recording> recordings() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace covey::testing
