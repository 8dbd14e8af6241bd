#pragma once

#include <memory>

#include "covey/coordinator/round_merge.h"
#include "covey/simulation/federation.h"
#include "simulation/devices/identities.h"
#include "simulation/devices/round_material.h"
#include "simulation/engine/round_run.h"
#include "simulation/engine/training.h"
#include "simulation/engine/workers.h"

namespace covey::simulation {

// federation_core.cc: rounds. federation_parts.cc: what it is made of. federation_state.cc: saving.
class Federation::Core {
 public:
  Core(SimulationSpec spec, Parts parts) : spec_(std::move(spec)), parts_(std::move(parts)) {}
  Core(const Core&) = delete;  // the workers' jobs point into it

  Status open();
  Result<RoundResult> run_round(const RoundOptions& options);
  Result<RunEnd> run(const std::function<bool(const RoundResult&)>& goes_on);
  Result<Evaluation> evaluate();
  Bytes save_state() const;
  Status restore_state(ByteView state);

  const SimulationSpec& spec() const { return spec_; }
  const datasets::FederatedDataset& dataset() const { return *parts_.dataset; }
  const model::Model& model() const { return *model_; }
  const Bytes& model_file() const { return *model_file_; }
  std::uint64_t version() const { return version_; }
  std::uint64_t rounds_begun() const { return rounds_begun_; }
  std::uint64_t rounds_completed() const { return rounds_completed_; }
  std::uint64_t workers() const { return workers_->count(); }

 private:
  // federation_parts.cc
  Status check_settings() const;
  Status open_dataset();
  Status check_metrics();
  Status open_model();
  Status open_strategy();
  Result<model::Model> first_model() const;

  Result<RoundResult> begin_and_run(const RoundOptions& options);
  Result<std::vector<std::size_t>> select(const RoundOptions& options);
  Result<RoundMaterial> prepare(const RoundOptions& options);
  Status merge(const RoundOutcome& outcome, const RoundMaterial& material, RoundResult& result);
  Status evaluate_into(const RoundOptions& options, RoundResult& result);
  void write_model();
  bool is_target_reached(const RoundResult& result) const;

  SimulationSpec spec_;
  Parts parts_;
  std::unique_ptr<Workers> workers_;
  std::optional<Training> training_;
  KeyVerifier verifier_;
  std::optional<model::Model> model_;
  std::shared_ptr<const Bytes> model_file_;  // shared with the devices of a round
  Digest model_digest_{};
  std::uint64_t version_ = 1;
  std::uint64_t rounds_begun_ = 0;
  std::uint64_t rounds_completed_ = 0;
  std::uint32_t aborted_in_a_row_ = 0;
  Milliseconds now_{0};
};

}  // namespace covey::simulation
