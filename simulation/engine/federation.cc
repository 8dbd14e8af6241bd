#include "covey/simulation/federation.h"

#include "simulation/engine/federation_core.h"

namespace covey::simulation {

Result<Federation> Federation::create(SimulationSpec spec, Parts parts) {
  auto core = std::make_unique<Core>(std::move(spec), std::move(parts));
  COVEY_RETURN_IF_ERROR(core->open());
  return Federation(std::move(core));
}

Federation::Federation(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Federation::Federation(Federation&&) noexcept = default;
Federation& Federation::operator=(Federation&&) noexcept = default;
Federation::~Federation() = default;

Result<RoundResult> Federation::run_round(const RoundOptions& options) {
  return core_->run_round(options);
}
Result<RunEnd> Federation::run(const std::function<bool(const RoundResult&)>& goes_on) {
  return core_->run(goes_on);
}
Result<Evaluation> Federation::evaluate() { return core_->evaluate(); }

const SimulationSpec& Federation::spec() const { return core_->spec(); }
const datasets::FederatedDataset& Federation::dataset() const { return core_->dataset(); }
const model::Model& Federation::model() const { return core_->model(); }
std::uint64_t Federation::version() const { return core_->version(); }
std::uint64_t Federation::rounds_begun() const { return core_->rounds_begun(); }
std::uint64_t Federation::rounds_completed() const { return core_->rounds_completed(); }
std::uint64_t Federation::workers() const { return core_->workers(); }
Bytes Federation::model_file() const { return core_->model_file(); }
Bytes Federation::save_state() const { return core_->save_state(); }
Status Federation::restore_state(ByteView state) { return core_->restore_state(state); }

}  // namespace covey::simulation
