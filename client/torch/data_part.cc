#include "client/torch/data_part.h"

namespace covey::client {
namespace {

std::int64_t count_of(const torch::Tensor& tensor) {
  return tensor.defined() && tensor.dim() > 0 ? tensor.size(0) : 0;
}

// The rows of `all` at `indices`, in the memory of `buffer`, which grows where it has to.
torch::Tensor selected(const torch::Tensor& all, const torch::Tensor& indices,
                       torch::Tensor& buffer) {
  const std::int64_t count = indices.size(0);
  if (count_of(buffer) < count) {
    std::vector<std::int64_t> sizes = all.sizes().vec();
    sizes[0] = count;
    buffer = torch::empty(sizes, all.options());
  }
  torch::Tensor part = count_of(buffer) == count ? buffer : buffer.narrow(0, 0, count);
  at::index_select_out(part, all, 0, indices);
  return part;
}

}  // namespace

Result<DataPart> DataPart::create(const std::string& name, torch::Tensor features,
                                  torch::Tensor targets, torch::Tensor rows) {
  if (count_of(features) != count_of(targets)) {
    return invalid_argument("the " + name + " part has " + std::to_string(count_of(features)) +
                            " features, but " + std::to_string(count_of(targets)) + " targets");
  }
  if (rows.defined()) {
    if (rows.scalar_type() != torch::kInt64 || rows.dim() != 1 || !rows.device().is_cpu()) {
      return invalid_argument("the rows of the " + name +
                              " part must be int64 of one dimension, on the CPU");
    }
    rows = rows.contiguous();
  }
  return DataPart(std::move(features), std::move(targets), std::move(rows));
}

DataPart::DataPart(torch::Tensor features, torch::Tensor targets, torch::Tensor rows)
    : features_(std::move(features)), targets_(std::move(targets)), rows_(std::move(rows)) {}

std::int64_t DataPart::size() const {
  return rows_.defined() ? rows_.size(0) : count_of(features_);
}

Batch DataPart::at(std::span<const std::int64_t> positions) {
  indices_.assign(positions.begin(), positions.end());
  if (rows_.defined()) {
    const auto* const rows = rows_.data_ptr<std::int64_t>();
    for (std::int64_t& index : indices_) index = rows[index];
  }
  return select(torch::from_blob(indices_.data(), {static_cast<std::int64_t>(indices_.size())},
                                 torch::kInt64));
}

Batch DataPart::range(std::int64_t first, std::int64_t count) {
  if (rows_.defined()) return select(rows_.narrow(0, first, count));
  return {features_.narrow(0, first, count), targets_.narrow(0, first, count)};
}

Batch DataPart::select(const torch::Tensor& indices) {
  const torch::NoGradGuard no_grad;
  return {selected(features_, indices, batch_.features),
          selected(targets_, indices, batch_.targets)};
}

}  // namespace covey::client
