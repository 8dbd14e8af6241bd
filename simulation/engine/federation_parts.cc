#include <algorithm>
#include <filesystem>
#include <thread>

#include "covey/aggregation/model/safetensors.h"
#include "covey/settings/text_file.h"
#include "simulation/engine/federation_core.h"

// What a federation is made of: the task file's parts, and the caller's in their place.
namespace covey::simulation {

// A spec that was made in code went through no parser.
Status Federation::Core::check_settings() const {
  const coordinator::CohortRules& cohort = spec_.task.cohort;
  const SimulationSettings& simulation = spec_.simulation;
  const std::pair<const char*, bool> rules[] = {
      {"round.minimum is at least 1", cohort.minimum > 0},
      {"round.target is at least round.minimum", cohort.target >= cohort.minimum},
      {"round.group_size is at least 1", cohort.group_size > 0},
      {"round.over_selection is at least 1", cohort.over_selection >= 1},
      {"simulation.evaluate_every is at least 1", simulation.evaluate_every > 0},
      {"simulation.megabits_per_second is above 0", simulation.megabits_per_second > 0},
      {"simulation.examples_per_second is above 0", simulation.examples_per_second > 0},
  };
  for (const auto& [rule, holds] : rules) {
    if (!holds) return invalid_argument(std::string(rule) + ", and here it is not");
  }
  return {};
}

Status Federation::Core::open() {
  COVEY_RETURN_IF_ERROR(check_settings());
  COVEY_RETURN_IF_ERROR(open_dataset());
  COVEY_RETURN_IF_ERROR(check_metrics());
  std::uint64_t workers = spec_.simulation.workers;
  if (workers == 0) workers = std::max(1u, std::thread::hardware_concurrency());
  workers_ = std::make_unique<Workers>(workers);
  COVEY_RETURN_IF_ERROR(open_model());
  return open_strategy();
}

Status Federation::Core::open_dataset() {
  if (!parts_.dataset) {
    COVEY_ASSIGN_OR_RETURN(parts_.dataset, datasets::open_dataset(spec_.data, spec_.base_folder));
  }
  const std::size_t devices = parts_.dataset->devices();
  const std::uint32_t minimum = spec_.task.cohort.minimum;
  if (devices < minimum) {
    return invalid_argument("a round takes at least " + std::to_string(minimum) +
                            " devices (round.minimum), but the data has only " +
                            std::to_string(devices) + " (data.devices)");
  }
  if (!parts_.sampler) parts_.sampler = std::make_unique<UniformSampler>(spec_.simulation.seed);
  return {};
}

// What cannot be measured is refused at the start, or, where nobody asked for it, left out.
Status Federation::Core::check_metrics() {
  std::vector<std::string>& metrics = spec_.task.metrics;
  const bool is_default = metrics == coordinator::TaskSpec{}.metrics;
  bool holds_out = spec_.data.held_out > 0;
  if (!holds_out) {  // a dataset of the caller's own may, whatever the settings say
    COVEY_ASSIGN_OR_RETURN(const datasets::DeviceData first, parts_.dataset->device(0));
    holds_out = first.held_out.size() > 0;
  }
  const bool is_classification = parts_.dataset->is_classification();
  if (is_default) {
    std::erase_if(metrics, [&](const std::string& name) {
      return (name != "train_loss" && !holds_out) || (name == "accuracy" && !is_classification);
    });
    return {};
  }
  for (const std::string& name : metrics) {
    if (name == "loss" || name == "accuracy" || name == "rmse") {
      if (!holds_out) {
        return invalid_argument("evaluate.metrics asks for \"" + name +
                                "\", which is measured on held-out examples, but data.held_out "
                                "is 0");
      }
    }
    if (name == "accuracy" && !is_classification) {
      return invalid_argument(
          "evaluate.metrics asks for accuracy, but the data has numbers to be "
          "learned, not classes: take \"loss\"");
    }
  }
  return {};
}

// The file that the task names is read with the task's roles, as the coordinator reads it.
Result<model::Model> Federation::Core::first_model() const {
  if (spec_.task.initial_model.empty()) {
    return invalid_argument(
        "a federation needs a first model: Parts::initial_model, or model.initial in the task "
        "file; make_federation draws one for the networks that Covey knows");
  }
  const auto path = std::filesystem::path(spec_.base_folder) / spec_.task.initial_model;
  COVEY_ASSIGN_OR_RETURN(
      const std::string file,
      settings::read_text_file("model.initial", path.string(),
                               "leave it out, and a first model is drawn from the seed"));
  COVEY_ASSIGN_OR_RETURN(
      const ring::Manifest manifest,
      model::read_manifest(view_of(file), [this](std::string_view tensor, ring::DType dtype) {
        return spec_.task.role_of(tensor, dtype);
      }));
  return model::read_model(view_of(file), manifest);
}

Status Federation::Core::open_model() {
  if (!parts_.make_trainer) {
    return invalid_argument(
        "a federation needs a network: Parts::make_trainer, or make_federation for the networks "
        "that Covey knows");
  }
  COVEY_ASSIGN_OR_RETURN(Training training, Training::create(parts_.make_trainer, *workers_,
                                                             *parts_.dataset, parts_.hooks.get()));
  training_.emplace(std::move(training));
  if (parts_.initial_model) {
    model_ = std::move(parts_.initial_model);
  } else {
    COVEY_ASSIGN_OR_RETURN(model_, first_model());
  }
  if (const auto difference = training_->manifest().first_difference(model_->manifest())) {
    return Error{ErrorCode::kFailedPrecondition,
                 "the first model is not the network's: " + *difference};
  }
  write_model();
  return {};
}

Status Federation::Core::open_strategy() {
  if (parts_.strategy) return {};
  COVEY_ASSIGN_OR_RETURN(parts_.strategy, coordinator::make_strategy(spec_.task));
  return {};
}

}  // namespace covey::simulation
