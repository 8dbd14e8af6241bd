#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "covey/base/bytes.h"

namespace covey::simulation {

// The global model on the test set, which no device has.
struct Evaluation {
  std::uint64_t examples = 0;
  double loss = 0;
  std::optional<double> accuracy;  // classification only
};

// Where a round's time went, by the machine's clock.
struct PhaseSeconds {
  double training = 0;     // from the first assignment until the groups are formed
  double aggregation = 0;  // groups: masking, agreeing, unmasking; plain: adding up
  double merge = 0;
  double evaluation = 0;
  double total() const { return training + aggregation + merge + evaluation; }
};

// What a round came to. The metrics and counts of devices come out of the masked sum, as in
// production; nothing here is known of a single device but that it took part.
struct RoundResult {
  std::uint64_t round = 0;  // from 1; aborted rounds count
  bool is_completed = false;
  std::string reason;         // why it was aborted, for a person
  std::uint64_t version = 0;  // of the model after it; 1 is the first model
  Digest model{};             // SHA-256 of its safetensors file, as it is written

  std::uint64_t assigned = 0;  // devices that were given work
  std::uint64_t cohort = 0;    // devices in its groups
  std::uint64_t groups = 0;
  std::uint64_t survivors = 0;  // in the sum
  std::uint64_t dropped = 0;    // of those assigned, at any step
  std::uint64_t faults = 0;     // injected ones that came to pass

  std::uint64_t weight = 0;               // sum of the survivors' weights (examples)
  std::uint64_t capped_weights = 0;       // devices
  std::uint64_t clipped_devices = 0;      // whose difference was over the L2 bound
  std::uint64_t clipped_coordinates = 0;  // of all survivors
  std::uint64_t coordinates = 0;          // of all survivors: survivors x the vector's length
  std::uint64_t bytes_up = 0;             // messages of the group's protocol, of all devices
  std::uint64_t bytes_down = 0;           // plan, model and protocol

  std::map<std::string, double> metrics;  // weighted means over the survivors
  std::optional<Evaluation> test;         // when this round was evaluated centrally

  double learning_rate = 0;  // on the devices
  double server_learning_rate = 0;
  std::chrono::milliseconds virtual_duration{0};  // how long it would have taken
  PhaseSeconds seconds;
};

}  // namespace covey::simulation
