#pragma once

#include <cstddef>

// One pass over a tensor for each step of an optimizer, with the widest vectors that the processor
// has. The bits are the same for all of them.
namespace covey::client::kernels {

// Of one tensor. What an optimizer goes without is null; nothing overlaps.
struct Slice {
  float* parameters;
  const float* gradients;
  const float* start;  // FedProx
  float* first;        // momentum, or Adam's first moment
  float* second;
  std::size_t count;
};

// What a step goes along: clip · (gradient + proximal · (w - start)) + decay · w.
struct Terms {
  float clip = 1;
  float proximal = 0;
  float decay = 0;
};

struct AdamTerms {
  float rate, keep, root;  // keep: what AdamW's decay leaves of w
  float beta1, beta2, rest1, rest2, epsilon;
};

// Of what is to be clipped.
double sum_of_squares(const Slice& slice, const Terms& terms);

void sgd(const Slice& slice, const Terms& terms, float rate);
void momentum(const Slice& slice, const Terms& terms, float rate, float kept);
void adam(const Slice& slice, const Terms& terms, const AdamTerms& adam);

}  // namespace covey::client::kernels
