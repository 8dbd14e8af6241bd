#pragma once

#include <memory>

#include "covey/aggregation/federation/messages.h"
#include "covey/aggregation/model/model.h"
#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/ring/codec_parameters.h"

namespace covey::simulation {

// What all devices of a round are given. Read by many threads.
struct RoundMaterial {
  plan::Plan plan;
  ring::Manifest aggregated;
  ring::CodecParameters codec;
  const model::Model* model = nullptr;  // the global one
  federation::Assignment assignment;
  // What devices with masks fetch; for those without only the sizes count.
  std::shared_ptr<const Bytes> plan_file;
  std::shared_ptr<const Bytes> model_file;
  std::uint64_t vector_bytes = 0;  // of one device, packed
};

}  // namespace covey::simulation
