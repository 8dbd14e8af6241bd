#include "simulation/fake_engine.h"

#include "covey/crypto/digest.h"

namespace covey::simulation::testing {

Result<RunEnd> FakeEngine::run(const std::function<bool(const RoundResult&)>& goes_on) {
  while (round_ < spec_.task.rounds) {
    ++round_;
    value_ = value_ * 6364136223846793005u + spec_.simulation.seed + round_;
    RoundResult result = result_of(round_);
    result.is_completed = true;
    result.version = round_ + 1;
    result.model = crypto::sha256(model_file());
    result.test = Evaluation{10, 1, static_cast<double>(value_ >> 40) / 0x1p24};
    RunEnd end;
    end.is_target_reached =
        !spec_.task.target_metric.empty() && *result.test->accuracy >= spec_.task.target_value;
    end.is_stopped = !goes_on(result) && !end.is_target_reached;
    if (end.is_stopped || end.is_target_reached) return end;
  }
  return RunEnd{};
}

Bytes FakeEngine::model_file() const {
  return to_bytes(view_of("model " + std::to_string(value_)));
}

Bytes FakeEngine::save_state() const {
  return to_bytes(view_of(std::to_string(round_) + " " + std::to_string(value_)));
}

Status FakeEngine::restore_state(ByteView state) {
  std::istringstream in{std::string(text_of(state))};
  if (in >> round_ >> value_) return {};
  return Error{ErrorCode::kDataLoss, "the state is damaged"};
}

int World::run(const std::vector<std::string>& arguments) {
  out.str("");
  err.str("");
  asked_ = 0;
  Context context{out,
                  err,
                  false,
                  80,
                  4,
                  [this](SimulationSpec spec, RoundDisplay&) -> Result<std::unique_ptr<Engine>> {
                    ++engines;
                    if (spec.task.model == "unknown") {
                      return Error{ErrorCode::kNotFound, "there is no model 'unknown'"};
                    }
                    return std::unique_ptr<Engine>(std::make_unique<FakeEngine>(std::move(spec)));
                  },
                  [] { return std::chrono::milliseconds(0); },
                  [] { return std::int64_t{1'700'000'000'000}; },
                  [this] { return ++asked_ > stops_after; },
                  [this](const std::string& folder) { data_folder = folder; },
                  {[] {
                     return Catalogue{{"drawn", "made up", "devices = 100"}};
                   },
                   [] {
                     return Catalogue{{"even", "each the same", ""}};
                   },
                   [] {
                     return Catalogue{{"cnn", "a small one", "27 parameters"}};
                   },
                   strategy_catalogue}};
  return simulation::run(arguments, context);
}

}  // namespace covey::simulation::testing
