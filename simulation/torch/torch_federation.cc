#include "covey/simulation/torch_federation.h"

#include "covey/aggregation/model/safetensors.h"
#include "covey/client/torch/models.h"

namespace covey::simulation {
namespace {

// With the task's roles, as if it had been read from a file.
Result<model::Model> first_model(const SimulationSpec& spec, const client::NetworkShape& shape,
                                 const model::RoleOf& role) {
  COVEY_ASSIGN_OR_RETURN(const model::Model drawn,
                         client::initial_model(spec.task.model, spec.simulation.seed, shape));
  const Bytes file = model::write_model(drawn);
  COVEY_ASSIGN_OR_RETURN(const ring::Manifest manifest, model::read_manifest(file, role));
  return model::read_model(file, manifest);
}

}  // namespace

Result<Federation> make_federation(SimulationSpec spec, Parts parts) {
  if (parts.make_trainer) return Federation::create(std::move(spec), std::move(parts));
  if (!parts.dataset) {
    COVEY_ASSIGN_OR_RETURN(parts.dataset, datasets::open_dataset(spec.data, spec.base_folder));
  }
  COVEY_ASSIGN_OR_RETURN(
      const client::NetworkShape shape,
      client::shape_for(spec.task.model, parts.dataset->shape(), parts.dataset->outputs()));
  const model::RoleOf role = [task = spec.task](std::string_view tensor, ring::DType dtype) {
    return task.role_of(tensor, dtype);
  };
  if (!parts.initial_model && spec.task.initial_model.empty()) {
    COVEY_ASSIGN_OR_RETURN(parts.initial_model, first_model(spec, shape, role));
  }
  parts.make_trainer = [name = spec.task.model, shape, role, schema = parts.dataset->schema()] {
    return client::make_trainer(name, {shape, role, schema});
  };
  return Federation::create(std::move(spec), std::move(parts));
}

}  // namespace covey::simulation
