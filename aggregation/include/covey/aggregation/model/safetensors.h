#pragma once

#include <functional>
#include <map>
#include <string>

#include "covey/aggregation/model/model.h"

namespace covey::model {

// Reads and writes safetensors (https://huggingface.co/docs/safetensors: u64 little-endian length
// of a JSON header, the header, the tensors' bytes). Weights only; nothing in it is ever run.

// Which role a tensor has when the file alone is known: float tensors that end in ".running_mean"
// or ".running_var" are float buffers, integers and booleans are int buffers, all else is trained.
ring::Role default_role(std::string_view name, ring::DType dtype);

// The manifest of a file, from its header, tensors in the order of their offsets; `role` decides
// about each (empty: default_role). kInvalidArgument, naming the tensor where its name is legal,
// for what is not safetensors, is cut short, overlaps, has gaps, or has a dtype that Covey does not
// know.
using RoleOf = std::function<ring::Role(std::string_view name, ring::DType dtype)>;
Result<ring::Manifest> read_manifest(ByteView file, const RoleOf& role = {});

// The tensors of a file whose names, dtypes and shapes are the manifest's, in any order; roles are
// not in a file. The result has the manifest's order and views into `file`. kInvalidArgument as
// above, or with what differs first.
Result<std::vector<ring::TensorView>> read_tensors(ByteView file, const ring::Manifest& manifest);
// The same, copied.
Result<Model> read_model(ByteView file, const ring::Manifest& manifest);

// The same model and metadata (UTF-8) give the same bytes on every machine: metadata in the order
// of its keys, tensors in the manifest's. No tensor may be named "__metadata__", which the format
// keeps for itself.
Bytes write_model(const Model& model, const std::map<std::string, std::string>& metadata = {});

}  // namespace covey::model
