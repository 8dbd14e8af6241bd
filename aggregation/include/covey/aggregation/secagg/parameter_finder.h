#pragma once

#include <cstdint>
#include <optional>

#include "covey/base/result.h"

namespace covey::secagg {

// Finds how many neighbours each device of a group needs and how many of them must answer, from
// exact hypergeometric tails. Pure functions: thread-safe, no state, milliseconds for a group of
// thousands.
//
// Model ([Bell20] J. Bell et al., "Secure Single-Server Aggregation with (Poly)Logarithmic
// Overhead", CCS 2020): n devices stand on a ring in a uniformly random order, each joined to the
// k/2 before and the k/2 after it (k even; or k = n-1, the complete graph) and sharing its secrets
// among those k neighbours with threshold t. C = floor(gamma n) are accomplices of the coordinator,
// D = floor(delta n) vanish. HG(N, M, k): how many of M marked members of a population of N are
// among k drawn. With sigma bits of security and eta bits of completion, by union bounds over the
// devices:
//
//   (1) n P[HG(n-1, C, k) >= t] <= 2^-(sigma+1)
//       no device's accomplices among its neighbours reach the threshold
//   (2) P[honest survivors not connected] <= 2^-(sigma+1)
//       no part of them has a sum of its own
//   (3) n P[HG(n-1, n-1-D, k) < t] <= 2^-eta
//       every device has enough neighbours left to answer for it
//   (4) 2t > k + x, against a lying coordinator only
//       no two disjoint sets of honest neighbours both reach the threshold with the accomplices;
//       x is the least with n P[HG(n-1, C, k) > x] <= 2^-(sigma+1)

inline constexpr std::uint32_t kMaxGroupDevices = 65'535;  // as many as a secret can have holders
inline constexpr std::uint32_t kMaxCompleteByDefault = 200;

enum class Coordinator : std::uint8_t {
  kCurious,  // follows the protocol and studies what it sees
  kLying,    // sends what it likes, for instance two survivor sets
};

enum class Graph : std::uint8_t {
  kComplete,  // k = n-1
  kSparse,    // the least k that has a threshold; n-1 when no smaller one has
  kAuto,      // complete up to kMaxCompleteByDefault devices, sparse above
};

struct ParameterRequest {
  std::uint32_t devices = 0;    // n, 2 ... kMaxGroupDevices
  double corrupt_fraction = 0;  // gamma in [0, 1)
  double dropout_fraction = 0;  // delta in [0, 1)
  Coordinator coordinator = Coordinator::kLying;
  Graph graph = Graph::kAuto;
  std::uint32_t security_bits = 40;    // sigma, 1 ... 256
  std::uint32_t completion_bits = 20;  // eta, 1 ... 256
};

struct NeighbourhoodParameters {
  std::uint32_t degree = 0;     // k, neighbours of a device
  std::uint32_t threshold = 0;  // t, the least that satisfies the conditions at this degree
  bool complete = false;        // degree is n-1

  std::uint32_t accomplices = 0;                   // C
  std::uint32_t vanishing = 0;                     // D
  std::uint32_t accomplices_among_neighbours = 0;  // x of condition 4

  // The left sides of the conditions, as base-2 logarithms; -infinity when it cannot happen.
  double log2_exposed = 0;       // (1)
  double log2_disconnected = 0;  // (2), an upper bound of the probability
  double log2_incomplete = 0;    // (3)
};

// A count of devices and a decimal fraction of the group, of six digits, that floors to that count.
struct GroupShare {
  std::uint32_t devices = 0;
  double fraction = 0;
};

// What may change in a request so that a solution exists, one thing at a time. None where no value
// does.
struct LegalValues {
  std::optional<GroupShare> most_vanishing;    // at the request's corrupt_fraction
  std::optional<GroupShare> most_accomplices;  // at the request's dropout_fraction
  // The least group of at least `devices` that works with both fractions. Smaller ones are not
  // offered: they work only because floor(gamma n) and floor(delta n) come to next to nothing.
  std::optional<std::uint32_t> enough_devices;
};

// floor(fraction * devices), the product rounded to 1e-9 first, so that the binary 0.29 of 100
// devices is 29 and not 28.
std::uint32_t devices_in_fraction(double fraction, std::uint32_t devices);

// The least degree with a threshold, and the least such threshold. kInvalidArgument when the
// request is outside its limits; kFailedPrecondition when no degree and threshold exist, with the
// legal values in the message.
Result<NeighbourhoodParameters> find_parameters(const ParameterRequest& request);

// kInvalidArgument as above. Whether a solution exists does not depend on graph, security_bits or
// completion_bits.
Result<LegalValues> legal_values(const ParameterRequest& request);

}  // namespace covey::secagg
