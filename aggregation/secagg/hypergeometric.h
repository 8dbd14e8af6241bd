#pragma once

#include <cstdint>
#include <vector>

namespace covey::secagg {

// Upper tails of the hypergeometric distributions over one population, as base-2 logarithms: a tail
// of 2^-200 is as precise as one of 1/2 (1e-12 relative where long double has 64 bits or more).
// Immutable, so threads may share one. Takes the size of a long double per member.
class HypergeometricTails {
 public:
  explicit HypergeometricTails(std::uint32_t population);

  // log2 P[X >= least], where X of `draws` members, drawn without replacement, are among the
  // `marked` ones. 0 when certain, -infinity when impossible. Requires marked <= population and
  // draws <= population.
  long double log2_at_least(std::int64_t marked, std::int64_t draws, std::int64_t least) const;

 private:
  long double log2_choose(std::int64_t n, std::int64_t k) const;
  long double log2_exactly(std::int64_t marked, std::int64_t draws, std::int64_t hits) const;

  std::int64_t population_;
  std::vector<long double> log2_factorial_;  // [i] = log2 i!
};

// An upper bound of log2 P[what is left of a ring lattice is not connected] when `removed` of
// `devices` members, chosen uniformly, are taken away; each was joined to the degree/2 before and
// the degree/2 after it, or to all when `degree` is devices-1. `tails` are those of a population of
// devices-1. Requires removed < devices and degree < devices.
long double log2_disconnected_bound(const HypergeometricTails& tails, std::int64_t devices,
                                    std::int64_t removed, std::int64_t degree);

}  // namespace covey::secagg
