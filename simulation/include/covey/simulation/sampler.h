#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace covey::simulation {

// Which devices are asked to take part in a round. Called once a round. Not thread-safe.
class Sampler {
 public:
  virtual ~Sampler() = default;
  // `count` of the devices 0 … devices - 1, each at most once, in the order in which they check in;
  // fewer when there are no more. The same arguments give the same devices: a run that goes on
  // after a restart has a new sampler.
  virtual std::vector<std::size_t> sample(std::uint64_t round, std::size_t devices,
                                          std::size_t count) = 0;
};

// Every set of devices is as likely (McMahan et al. 2017, algorithm 1).
class UniformSampler final : public Sampler {
 public:
  explicit UniformSampler(std::uint64_t seed) : seed_(seed) {}
  std::vector<std::size_t> sample(std::uint64_t round, std::size_t devices,
                                  std::size_t count) override;

 private:
  std::uint64_t seed_;
};

}  // namespace covey::simulation
