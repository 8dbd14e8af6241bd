#pragma once

#include <span>
#include <vector>

#include "covey/crypto/secret_sharing.h"
#include "field.h"

// What splitting, reconstructing and correcting share: where a holder evaluates, and the weights
// that bring it back.
namespace covey::crypto {

constexpr std::uint32_t point_of(HolderPosition holder) { return std::uint32_t{holder} + 1; }

// Whether no position occurs twice and none is past the last, 65,534.
bool are_distinct_holders(std::span<const HolderPosition> holders);

// w with f(0) = sum of w[j] f(x_j) for every polynomial f of degree below the number of holders.
// Holders are distinct.
std::vector<field::Element> lagrange_weights(std::span<const HolderPosition> holders);

}  // namespace covey::crypto
