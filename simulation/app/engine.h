#pragma once

#include <functional>
#include <memory>

#include "covey/simulation/federation.h"
#include "covey/simulation/settings.h"
#include "simulation/output/display/round_display.h"

namespace covey::simulation {

// What of a Federation a run needs, so that tests can stand in for one that trains.
class Engine {
 public:
  virtual ~Engine() = default;

  // As those of Federation. Within `goes_on` the state can be saved and the model read.
  virtual Result<RunEnd> run(const std::function<bool(const RoundResult&)>& goes_on) = 0;
  virtual const datasets::FederatedDataset& dataset() const = 0;
  virtual std::uint64_t parameters() const = 0;
  virtual std::uint64_t workers() const = 0;
  virtual std::uint64_t rounds_begun() const = 0;
  virtual std::uint64_t rounds_completed() const = 0;
  virtual Bytes model_file() const = 0;
  virtual Bytes save_state() const = 0;
  virtual Status restore_state(ByteView state) = 0;
};

// `display`, which must outlive the engine, is told of rounds that begin and devices that have
// trained.
using EngineFactory =
    std::function<Result<std::unique_ptr<Engine>>(SimulationSpec spec, RoundDisplay& display)>;

}  // namespace covey::simulation
