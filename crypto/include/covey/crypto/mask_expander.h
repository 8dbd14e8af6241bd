#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "covey/base/secret.h"

namespace covey::crypto {

// Which instructions expand a mask. All give the same bytes.
enum class MaskPath { kVaes512, kVaes256, kEvp };

std::string_view name_of(MaskPath path);  // "vaes512", "vaes256", "evp"
std::vector<MaskPath>
available_mask_paths();  // on this machine, fastest first; kEvp is always there

// A mask is the AES-256-CTR keystream of its key (NIST SP 800-38A), read as little-endian lanes.
// The first counter block is the segment number (8 bytes, big-endian), then a 64-bit big-endian
// block counter from zero: each segment of a masked vector has a keystream of its own, and lane i
// of it is bytes [i * sizeof(Lane), (i + 1) * sizeof(Lane)), reachable without expanding the lanes
// before it.
//
// add and subtract work modulo 2^(8 * sizeof(Lane)), which is right for any ring Z/2^b with b bits
// or more in a lane: the high bits are dropped when the vector is packed. The keystream never
// reaches memory on the VAES paths.
//
// Holds scratch space, no key. Not thread-safe: one a thread.
class MaskExpander {
 public:
  explicit MaskExpander(MaskPath path = available_mask_paths().front());
  MaskExpander(MaskExpander&&) noexcept;
  MaskExpander& operator=(MaskExpander&&) noexcept;
  ~MaskExpander();

  MaskPath path() const { return path_; }

  // lanes[i] += mask[first_lane + i], i in [0, lanes.size()). Lane: uint16_t, uint32_t or uint64_t.
  // first_lane + lanes.size() is below 2^64 (more is a bug), so the block counter stays below 2^63
  // and never reaches the segment number.
  template <typename Lane>
  void add(const SecretKey& key, std::uint64_t segment, std::uint64_t first_lane,
           std::span<Lane> lanes);
  template <typename Lane>
  void subtract(const SecretKey& key, std::uint64_t segment, std::uint64_t first_lane,
                std::span<Lane> lanes);

 private:
  struct Evp;
  MaskPath path_;
  std::unique_ptr<Evp> evp_;
};

}  // namespace covey::crypto
