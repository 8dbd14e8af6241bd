// The layers and passes that are faster than LibTorch's, against LibTorch's and against plain
// loops.
#include <algorithm>
#include <bit>

#include "client/torch/update_kernels.h"
#include "client/torch/update_loops.h"
#include "client/torch_support.h"
#include "covey/client/torch/allocator.h"
#include "covey/datasets/draws.h"
#include "support/catch.h"

namespace covey::client {
namespace {

constexpr double kTolerance = 2e-5;  // of sums in another order

struct Vectors {
  std::vector<float> parameters, gradients, start, first, second;

  kernels::Slice slice(bool is_proximal) {
    return {parameters.data(), gradients.data(), is_proximal ? start.data() : nullptr,
            first.data(),      second.data(),    parameters.size()};
  }
  bool operator==(const Vectors& other) const {
    const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
    const auto same = [&](const std::vector<float>& a, const std::vector<float>& b) {
      return std::ranges::equal(a, b, {}, bits, bits);
    };
    return same(parameters, other.parameters) && same(first, other.first) &&
           same(second, other.second);
  }
};

Vectors drawn(std::size_t count, datasets::Draws& draws) {
  Vectors all;
  for (auto* const values : {&all.parameters, &all.gradients, &all.start, &all.first}) {
    for (std::size_t i = 0; i < count; ++i) values->push_back(static_cast<float>(draws.bell()));
  }
  for (std::size_t i = 0; i < count; ++i) all.second.push_back(static_cast<float>(draws.unit()));
  return all;
}

template <bool kProximal>
void check_bits(std::size_t count, std::uint64_t seed) {
  datasets::Draws draws(seed);
  const Vectors before = drawn(count, draws);
  const kernels::Terms terms{0.7f, kProximal ? 0.3f : 0.0f, 0.01f};
  const kernels::AdamTerms adam{.rate = 0.1f,
                                .keep = 0.99f,
                                .root = 0.2f,
                                .beta1 = 0.9f,
                                .beta2 = 0.999f,
                                .rest1 = 0.1f,
                                .rest2 = 0.001f,
                                .epsilon = 1e-8f};
  Vectors fast = before;
  Vectors plain = before;
  kernels::sgd(fast.slice(kProximal), terms, 0.1f);
  kernels::loops::sgd<kProximal>(plain.slice(kProximal), terms, 0.1f);
  CHECK(fast == plain);
  kernels::momentum(fast.slice(kProximal), terms, 0.1f, 0.9f);
  kernels::loops::momentum<kProximal>(plain.slice(kProximal), terms, 0.1f, 0.9f);
  CHECK(fast == plain);
  kernels::adam(fast.slice(kProximal), terms, adam);
  kernels::loops::adam<kProximal>(plain.slice(kProximal), terms, adam);
  CHECK(fast == plain);
  CHECK(kernels::sum_of_squares(fast.slice(kProximal), terms) ==
        kernels::loops::sum_of_squares<kProximal>(plain.slice(kProximal), terms));
  if (count > 0) CHECK_FALSE(fast == before);
}

}  // namespace

TEST_CASE("an optimizer's pass has the same bits with any vectors", "[torch]") {
  for (std::size_t count = 0; count < 70; ++count) {
    INFO(count);
    check_bits<false>(count, count);
    check_bits<true>(count, count);
  }
}

TEST_CASE("a dense layer gives LibTorch's linear and its gradients", "[torch]") {
  for (const std::int64_t rows : {1, 2, 10, 37}) {
    for (const auto& [inputs, outputs] : {std::pair{1, 1}, {784, 10}, {17, 200}, {200, 3}}) {
      INFO(rows << " rows, " << inputs << " to " << outputs);
      CHECK(testing::dense_error(rows, inputs, outputs) < kTolerance);
    }
  }
}

TEST_CASE("an LSTM layer gives LibTorch's lstm and its gradients", "[torch]") {
  for (const std::int64_t rows : {1, 3}) {
    for (const std::int64_t positions : {1, 2, 11}) {
      for (const auto& [inputs, units] : {std::pair{1, 1}, {8, 33}, {20, 5}}) {
        INFO(rows << " rows, " << positions << " positions, " << inputs << " to " << units);
        CHECK(testing::lstm_error(rows, positions, inputs, units) < kTolerance);
      }
    }
  }
}

TEST_CASE("images with channels last give the values of images as they are", "[torch]") {
  CHECK(testing::cnn_small_error(1, 28, 28) < kTolerance);
  CHECK(testing::cnn_small_error(1, 9, 14) < kTolerance);
  CHECK(testing::cnn_small_error(3, 12, 7) < kTolerance);
}

#if defined(__GLIBC__)
TEST_CASE("the C library takes the settings that keep memory", "[torch]") {
  CHECK(keep_freed_memory());
}
#endif

}  // namespace covey::client
