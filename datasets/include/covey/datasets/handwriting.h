#pragma once

#include "covey/datasets/examples.h"

namespace covey::datasets {

// Drawn digits, for trying a federation out without a file: 1 x 28 x 28, 0 … 1, white on black,
// centred, as MNIST's. They are synthetic. A pen follows the strokes of a digit, and a writer has a
// hand: which form of a digit it uses, slant, proportions, width and pressure of the pen, habits in
// the forms, and how steady it is. That makes devices differ as people do; it does not make results
// on these digits say anything about real handwriting.
//
// `count` digits of writer `writer`, classes drawn evenly. The same arguments give the same floats
// on every machine, and fewer digits are the first of more. Writers are independent of one another,
// and so are seeds.
Examples generate_handwriting(std::uint64_t writer, std::size_t count, std::uint64_t seed);

}  // namespace covey::datasets
