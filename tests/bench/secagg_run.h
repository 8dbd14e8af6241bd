#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/public_key_meter.h"
#include "covey/aggregation/secagg/coordinator_session.h"

namespace covey::bench {

struct SecaggSetting {
  std::uint32_t devices = 100;
  std::uint64_t length = 1'000'000;
  double drop = 0.1;    // share of the devices that vanish before they send a masked vector
  bool sparse = false;  // the finder's least degree; otherwise the complete graph
  std::optional<secagg::FixedParameters> fixed;  // instead of what the finder says
  double corrupt = 0.05;
  bool curious = false;
  std::uint32_t bits = 32;
  std::size_t threads = 1;
  crypto::MaskPath path = crypto::available_mask_paths().front();
};

inline constexpr std::size_t kSteps = 6;  // of the coordinator, to kExpand

// What one whole protocol took. CPU is of the threads that did the work, public-key operations
// apart.
struct SecaggRun {
  bool sum_is_right = false;
  std::string failure;  // why there is no sum
  secagg::GroupParameters parameters;
  std::uint32_t survivors = 0;

  std::vector<double> device_cpu_ms;  // of the devices that went all the way
  std::vector<double> device_public_key_ms;
  PublicKeyUse device_public_key;  // of the last of them
  std::array<double, kSteps> coordinator_cpu_ms{};
  double coordinator_public_key_ms = 0;
  PublicKeyUse coordinator_public_key;

  std::uint64_t device_masks = 0;       // that a surviving device must expand: the largest number
  std::uint64_t coordinator_masks = 0;  // that the protocol must expand to unmask
  std::uint64_t mask_bytes = 0;         // of one mask
  double evp_gb_per_s = 0;              // OpenSSL's keystream, before, between and after: median

  std::uint64_t packed_vector_bytes = 0;
  std::uint64_t bytes_up = 0;              // of a device that went all the way: the most
  std::uint64_t bytes_down = 0;            // likewise
  std::size_t device_peak_bytes = 0;       // of one device, beyond its input
  std::size_t coordinator_peak_bytes = 0;  // all of it
  std::size_t accumulator_bytes = 0;
  std::uint64_t edges = 0;

  double coordinator_total_ms() const;
  double device_evp_ms() const;
  double coordinator_evp_ms() const;
  // The coordinator's peak, less the accumulator and one vector that waits to be folded, for each
  // edge of the graph.
  double coordinator_bytes_per_edge() const;
};

// The whole protocol in this process, through real message bytes, with real certificates.
SecaggRun run_secagg(const SecaggSetting& setting);

}  // namespace covey::bench
