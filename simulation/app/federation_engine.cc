#include "simulation/app/federation_engine.h"

#include "covey/simulation/torch_federation.h"

namespace covey::simulation {
namespace {

class DisplayHooks final : public Hooks {
 public:
  explicit DisplayHooks(RoundDisplay& display) : display_(display) {}
  void selected(std::uint64_t round, std::vector<std::size_t>& devices) override {
    display_.round_begun(round, devices.size());
  }
  void trained(std::uint64_t, std::size_t, client::TrainingReport&, model::Model&) override {
    display_.device_trained();
  }

 private:
  RoundDisplay& display_;
};

class FederationEngine final : public Engine {
 public:
  explicit FederationEngine(Federation federation) : federation_(std::move(federation)) {}

  Result<RunEnd> run(const std::function<bool(const RoundResult&)>& goes_on) override {
    return federation_.run(goes_on);
  }
  const datasets::FederatedDataset& dataset() const override { return federation_.dataset(); }
  std::uint64_t parameters() const override { return federation_.model().manifest().flat_length(); }
  std::uint64_t workers() const override { return federation_.workers(); }
  std::uint64_t rounds_begun() const override { return federation_.rounds_begun(); }
  std::uint64_t rounds_completed() const override { return federation_.rounds_completed(); }
  Bytes model_file() const override { return federation_.model_file(); }
  Bytes save_state() const override { return federation_.save_state(); }
  Status restore_state(ByteView state) override { return federation_.restore_state(state); }

 private:
  Federation federation_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_federation_engine(SimulationSpec spec, RoundDisplay& display) {
  Parts parts;
  parts.hooks = std::make_unique<DisplayHooks>(display);
  COVEY_ASSIGN_OR_RETURN(Federation federation, make_federation(std::move(spec), std::move(parts)));
  return std::unique_ptr<Engine>(std::make_unique<FederationEngine>(std::move(federation)));
}

}  // namespace covey::simulation
