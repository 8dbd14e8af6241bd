#pragma once

#include <cstdint>
#include <vector>

#include "covey/base/bytes.h"

// What one fuzz target is. libFuzzer calls LLVMFuzzerTestOneInput; replay_main.cc calls both.

// Any bytes are an input. Ends the process when an invariant does not hold, otherwise returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace covey::fuzz {

// Inputs that reach deep, to mutate from: the same ones at every call.
std::vector<Bytes> seeds();

}  // namespace covey::fuzz
