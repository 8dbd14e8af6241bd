#pragma once

#include <cstdint>
#include <span>

#include "covey/base/bytes.h"

namespace covey::ring {

// The randomized Hadamard rotation (Suresh et al. 2017, "Distributed Mean Estimation with Limited
// Communication", §3): x -> H·D·x with D a diagonal of random signs from a public seed, H the
// orthonormal Walsh-Hadamard matrix. It keeps the L2 norm and spreads it evenly over the
// coordinates, so that a narrow range quantizes all of them well.
//
// It is applied to blocks of B = rotation_block(length) elements. What is left over after the last
// whole block is covered by one more block that ends at the end of the vector and overlaps the one
// before: a product of two orthonormal maps is orthonormal, so any length works in place and
// without padding, and no coordinate stays unrotated.
//
// Only additions, subtractions, sign flips and one multiplication by a constant, always in the same
// order: the same bits on every machine.

// The largest power of two that is at most `length` and at most 2^16 (256 KiB of floats, which a
// core's cache holds); 1 for an empty vector.
std::uint64_t rotation_block(std::uint64_t length);

void rotate(std::span<float> values, const Digest& public_seed);
void unrotate(std::span<float> values, const Digest& public_seed);  // the inverse, up to rounding

}  // namespace covey::ring
