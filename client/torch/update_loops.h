#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "client/torch/update_kernels.h"

// The loops behind update_kernels.h, written so that a compiler can turn them into vectors of any
// width with the same bits. Inlined into one function for each instruction set.
namespace covey::client::kernels::loops {

// The part of the gradient that clipping sees. [Li20] §3.2: with the proximal term the loss has
// μ/2 ‖w - w_start‖² more.
template <bool kProximal>
[[gnu::always_inline]] inline float own_gradient(float gradient, float parameter,
                                                 const float* start, std::size_t i,
                                                 float proximal) {
  if constexpr (kProximal) return gradient + proximal * (parameter - start[i]);
  return gradient;
}

// All of it. Terms by value: what is behind a reference might be written to by the loop.
template <bool kProximal>
[[gnu::always_inline]] inline float whole_gradient(float gradient, float parameter,
                                                   const float* start, std::size_t i, Terms terms) {
  return terms.clip * own_gradient<kProximal>(gradient, parameter, start, i, terms.proximal) +
         terms.decay * parameter;
}

// Summed in lanes of which each takes every 16th value: the order, and so the result, is one for
// all vector widths.
template <bool kProximal>
[[gnu::always_inline]] inline double sum_of_squares(Slice slice, Terms terms) {
  constexpr std::size_t kLanes = 16;
  const auto gradient_at = [=](std::size_t i) __attribute__((always_inline)) {
    return double{own_gradient<kProximal>(slice.gradients[i], slice.parameters[i], slice.start, i,
                                          terms.proximal)};
  };
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= slice.count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double gradient = gradient_at(i + lane);
      sums[lane] += gradient * gradient;
    }
  }
  for (std::size_t lane = 0; i < slice.count; ++i, ++lane) {
    const double gradient = gradient_at(i);
    sums[lane] += gradient * gradient;
  }
  double sum = 0;
  for (const double one : sums) sum += one;
  return sum;
}

template <bool kProximal>
[[gnu::always_inline]] inline void sgd(Slice slice, Terms terms, float rate) {
  float* const __restrict w = slice.parameters;
  const float* const __restrict g = slice.gradients;
  const float* const __restrict start = slice.start;
  const std::size_t count = slice.count;
  for (std::size_t i = 0; i < count; ++i) {
    w[i] -= rate * whole_gradient<kProximal>(g[i], w[i], start, i, terms);
  }
}

template <bool kProximal>
[[gnu::always_inline]] inline void momentum(Slice slice, Terms terms, float rate, float kept) {
  float* const __restrict w = slice.parameters;
  const float* const __restrict g = slice.gradients;
  const float* const __restrict start = slice.start;
  const std::size_t count = slice.count;
  float* const __restrict m = slice.first;
  for (std::size_t i = 0; i < count; ++i) {
    m[i] = kept * m[i] + whole_gradient<kProximal>(g[i], w[i], start, i, terms);
    w[i] -= rate * m[i];
  }
}

template <bool kProximal>
[[gnu::always_inline]] inline void adam(Slice slice, Terms terms, AdamTerms adam) {
  float* const __restrict w = slice.parameters;
  const float* const __restrict g = slice.gradients;
  const float* const __restrict start = slice.start;
  const std::size_t count = slice.count;
  float* const __restrict m = slice.first;
  float* const __restrict v = slice.second;
  for (std::size_t i = 0; i < count; ++i) {
    const float gradient = whole_gradient<kProximal>(g[i], w[i], start, i, terms);
    m[i] = adam.beta1 * m[i] + adam.rest1 * gradient;
    v[i] = adam.beta2 * v[i] + adam.rest2 * gradient * gradient;
    w[i] = adam.keep * w[i] - adam.rate * m[i] / (std::sqrt(v[i]) / adam.root + adam.epsilon);
  }
}

}  // namespace covey::client::kernels::loops
