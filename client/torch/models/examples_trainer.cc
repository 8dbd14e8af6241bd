#include <algorithm>
#include <string>
#include <vector>

#include "client/torch/guarded.h"
#include "client/torch/models/architecture.h"
#include "covey/client/torch/networks.h"

namespace covey::client {
namespace {

using datasets::Examples;
using datasets::Rows;

// A table as tensors: views, which keep it alive. LibTorch's tensors cannot be const; the trainer
// does not write to what it gets with rows.
template <typename Value>
torch::Tensor view_of(const std::shared_ptr<const Examples>& table,
                      const std::vector<Value>& values, const std::vector<std::int64_t>& sizes) {
  return torch::from_blob(
      const_cast<Value*>(values.data()), sizes, [table](void*) {},
      torch::CppTypeToScalarType<Value>::value);
}

torch::Tensor features_of(const std::shared_ptr<const Examples>& table) {
  std::vector<std::int64_t> sizes{static_cast<std::int64_t>(table->size())};
  sizes.insert(sizes.end(), table->shape.begin(), table->shape.end());
  return view_of(table, table->features, sizes);
}

torch::Tensor targets_of(const std::shared_ptr<const Examples>& table) {
  const auto count = static_cast<std::int64_t>(table->size());
  if (table->classes == 0) return view_of(table, table->targets, {count});
  const auto each = static_cast<std::int64_t>(table->labels_per_example);
  if (each == 1) return view_of(table, table->labels, {count});
  return view_of(table, table->labels, {count, each});
}

torch::Tensor tensor_of(std::vector<std::int64_t> rows) {
  const auto shared = std::make_shared<std::vector<std::int64_t>>(std::move(rows));
  return torch::from_blob(
      shared->data(), {static_cast<std::int64_t>(shared->size())}, [shared](void*) {},
      torch::kInt64);
}

class NamedTrainer final : public ExamplesTrainer {
 public:
  NamedTrainer(std::unique_ptr<TorchTrainer> trainer, NetworkShape shape, bool is_sequence)
      : trainer_(std::move(trainer)), shape_(std::move(shape)), is_sequence_(is_sequence) {}

  Status set_examples(Rows train, Rows held_out) override {
    COVEY_RETURN_IF_ERROR(check(train));
    COVEY_RETURN_IF_ERROR(check(held_out));
    return guarded("taking the examples", [&]() -> Status {
      TorchData data;
      if (train.size() > 0) {
        data.features = features_of(train.table);
        data.targets = targets_of(train.table);
        data.rows = tensor_of(std::move(train.rows));
      }
      if (held_out.size() > 0) {
        data.held_out_features = features_of(held_out.table);
        data.held_out_targets = targets_of(held_out.table);
        data.held_out_rows = tensor_of(std::move(held_out.rows));
      }
      return trainer_->set_data(std::move(data));
    });
  }
  Status set_local(const model::Model& model) override { return trainer_->set_local(model); }
  const ring::Manifest& manifest() const override { return trainer_->manifest(); }
  Digest data_schema() const override { return trainer_->data_schema(); }
  Result<TrainingReport> run(const TrainingJob& job, model::Model& model) override {
    return trainer_->run(job, model);
  }

 private:
  Status check(const Rows& rows) const {
    if (rows.size() == 0) return {};
    if (rows.table == nullptr) return invalid_argument("these rows are of no table");
    const Examples& table = *rows.table;
    const std::uint64_t labels_each = is_sequence_ ? shape_.input[0] : 1;
    const bool is_classification = table.classes > 0;
    const bool fits =
        table.shape == shape_.input && table.features.size() == table.size() * table.width() &&
        (is_classification
             ? table.classes == shape_.outputs && table.labels_per_example == labels_each
             : shape_.outputs == 1);
    if (!fits) return invalid_argument("this network takes " + wanted(labels_each));
    const auto count = static_cast<std::int64_t>(table.size());
    if (std::ranges::all_of(rows.rows, [=](std::int64_t row) { return row >= 0 && row < count; })) {
      return {};
    }
    return invalid_argument("a row is not one of the table's " + std::to_string(count));
  }

  std::string wanted(std::uint64_t labels_each) const {
    std::string text = "examples of ";
    for (std::size_t i = 0; i < shape_.input.size(); ++i) {
      text += (i == 0 ? "" : " x ") + std::to_string(shape_.input[i]);
    }
    text += " with " + std::to_string(labels_each) + " label(s) each of " +
            std::to_string(shape_.outputs) + " classes";
    return shape_.outputs == 1 ? text + ", or a number each" : text;
  }

  std::unique_ptr<TorchTrainer> trainer_;
  NetworkShape shape_;
  bool is_sequence_;
};

}  // namespace

Result<std::unique_ptr<ExamplesTrainer>> make_trainer(std::string_view name,
                                                      ExamplesTrainerOptions options) {
  COVEY_ASSIGN_OR_RETURN(const Architecture* const architecture, find_architecture(name));
  if (options.shape == NetworkShape{}) options.shape = architecture->info.shape;
  COVEY_ASSIGN_OR_RETURN(const TorchNetwork network, make_network(name, options.shape));
  TorchOptions torch_options;
  torch_options.role = std::move(options.role);
  torch_options.data_schema = options.data_schema;
  COVEY_ASSIGN_OR_RETURN(
      std::unique_ptr<TorchTrainer> trainer,
      TorchTrainer::create([&] { return network; }, {}, std::move(torch_options)));
  return std::unique_ptr<ExamplesTrainer>(std::make_unique<NamedTrainer>(
      std::move(trainer), std::move(options.shape), architecture->is_sequence));
}

}  // namespace covey::client
