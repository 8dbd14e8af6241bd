#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "integration/world/link.h"

// What passed over connections without TLS, taken apart and searched.
namespace covey::testing {

// The bodies of the calls on one connection, in one direction: the DATA frames of each HTTP/2
// stream put together, so that nothing is cut where a frame ends. What was under way at the end of
// the recording may be missing.
std::vector<Bytes> call_bodies(ByteView direction);
// The messages of a body, as gRPC frames them.
std::vector<Bytes> call_messages(ByteView body);

// All in which something may be found: each direction as it passed (headers and frames too), and
// the bodies of its calls.
std::vector<Bytes> haystacks(const std::vector<Link::Recording>& recordings);
bool contains(const std::vector<Bytes>& haystacks, ByteView needle);

// The recordings with another call at their end, whose body is this and is cut into two frames: for
// showing that a search would find it.
std::vector<Link::Recording> with_leak(std::vector<Link::Recording> recordings, ByteView leak);

// Finds any piece of a long secret: what has 63 bytes of it in a row has one of its windows, which
// are 32 bytes and aligned to as many. Windows of one byte repeated are left out.
class WindowSearch {
 public:
  static constexpr std::size_t kWindowBytes = 32;

  void add(ByteView secret);
  std::size_t windows() const { return windows_.size(); }
  bool finds_any(const std::vector<Bytes>& haystacks) const;

 private:
  // By their first eight bytes.
  std::unordered_multimap<std::uint64_t, Bytes> windows_;
};

}  // namespace covey::testing
