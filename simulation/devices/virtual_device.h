#pragma once

#include <optional>

#include "covey/aggregation/model/model.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/client/participant.h"
#include "simulation/engine/virtual_time.h"

namespace covey::simulation {

// A device during one round, as the round sees it: what came of an operation goes in, the next
// operation comes out, as with Participant. Called from any thread, one at a time.
class VirtualDevice {
 public:
  virtual ~VirtualDevice() = default;

  virtual client::Operation step(client::ParticipantEvent event, Milliseconds now) = 0;
  // Its process dies; `step(Begin)` is then the first of the next one.
  virtual void crash() = 0;
  // Whether a step costs so little that no thread need be asked.
  virtual bool is_quick(const client::ParticipantEvent& event) const = 0;

  // The model for an operation::Train that brings none: where the worker is to train. Holds until
  // the step with Trained.
  virtual void train_on(model::Model& /*scratch*/) {}
  // Why it declines, or has given a round up; for a person.
  virtual std::optional<Error> last_error() const = 0;

  // Without masks: what it sends, whole. Once.
  virtual ring::RingVector take_update() { return {}; }
};

}  // namespace covey::simulation
