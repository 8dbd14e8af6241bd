#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <utility>

namespace covey::datasets {

// Numbers drawn from a seed that are the same on every machine, which std's distributions are not:
// only the generator's own output, and arithmetic that IEEE 754 rounds in one way.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : generator_(seed) {}

  std::uint64_t next() { return generator_(); }

  // 0 … bound - 1, each as likely; `bound` is above 0.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t surplus = (~std::uint64_t{0} % bound + 1) % bound;  // 2^64 mod bound
    std::uint64_t value = next();
    while (value > ~std::uint64_t{0} - surplus) value = next();
    return value % bound;
  }

  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // in [0, 1)
  double between(double low, double high) { return low + (high - low) * unit(); }
  // About a normal distribution of deviation 1, within ± 3.5: a sum of four.
  double bell() { return (unit() + unit() + unit() + unit() - 2.0) * 1.7320508075688772; }

  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<std::size_t>(below(i))]);
    }
  }

 private:
  std::mt19937_64 generator_;
};

// A seed that depends on both, each bit on every bit (splitmix64's finisher).
inline std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t stream) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15u * (stream + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace covey::datasets
