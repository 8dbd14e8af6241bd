#pragma once

#include <string>
#include <vector>

#include "covey/aggregation/ring/manifest.h"

namespace covey::model {

// What a safetensors header says about one tensor; `begin` and `end` are bytes from the end of the
// header. `tensor.role` is not set.
struct HeaderEntry {
  ring::Tensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Parses the JSON of a header, in its order. kInvalidArgument for what is not JSON of the
// safetensors' form: an object of tensors, each an object of "dtype", "shape" and "data_offsets",
// none twice and nothing else, beside one optional "__metadata__", an object of strings. Offsets
// are not compared with one another.
Result<std::vector<HeaderEntry>> parse_header(ByteView json);

// "'name'", or a stand-in where the name is not one that a message may show.
std::string shown_name(const std::string& name);

Error not_safetensors(std::string_view why);

}  // namespace covey::model
