#include "covey/aggregation/model/safetensors.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "aggregation/model/safetensors_header.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/base/check.h"

namespace covey::model {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference implementation has it

// A file whose parts are known to fit together: tensors in the order of their offsets.
struct Parsed {
  ring::Manifest manifest;
  std::vector<ByteView> bytes;
};

Result<ByteView> header_of(ByteView file) {
  if (file.size() < kLengthBytes) return not_safetensors("it is shorter than 8 bytes");
  const std::uint64_t size = ByteReader(file.first(kLengthBytes)).u64();
  if (size > kMaxHeaderBytes || size > file.size() - kLengthBytes) {
    return not_safetensors("its header would be longer than the file, or than " +
                           std::to_string(kMaxHeaderBytes) + " bytes");
  }
  return file.subspan(kLengthBytes, static_cast<std::size_t>(size));
}

// The tensors follow one another and fill the data.
Status check_offsets(const std::vector<HeaderEntry>& entries, std::size_t data_size) {
  std::uint64_t at = 0;
  for (const HeaderEntry& entry : entries) {
    if (entry.begin != at || entry.end < entry.begin) {
      return not_safetensors("the bytes of tensor " + shown_name(entry.tensor.name) +
                             " do not begin where those before it end");
    }
    at = entry.end;
  }
  if (at == data_size) return {};
  return not_safetensors("its tensors have " + std::to_string(at) + " bytes, but it holds " +
                         std::to_string(data_size) + "; was it cut short?");
}

Result<Parsed> parse(ByteView file, const RoleOf& role) {
  COVEY_ASSIGN_OR_RETURN(const ByteView header, header_of(file));
  COVEY_ASSIGN_OR_RETURN(std::vector<HeaderEntry> entries, parse_header(header));
  // Of tensors that begin at one place, those without bytes come first.
  std::stable_sort(entries.begin(), entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  const ByteView data = file.subspan(kLengthBytes + header.size());
  COVEY_RETURN_IF_ERROR(check_offsets(entries, data.size()));

  std::vector<ring::Tensor> tensors;
  std::vector<ByteView> bytes;
  for (HeaderEntry& entry : entries) {
    ring::Tensor& tensor = entry.tensor;
    tensor.role = role ? role(tensor.name, tensor.dtype) : default_role(tensor.name, tensor.dtype);
    tensors.push_back(std::move(tensor));
    bytes.push_back(data.subspan(static_cast<std::size_t>(entry.begin),
                                 static_cast<std::size_t>(entry.end - entry.begin)));
  }
  COVEY_ASSIGN_OR_RETURN(ring::Manifest manifest, ring::Manifest::create(std::move(tensors)));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const ring::Tensor& tensor = manifest.tensors()[i];
    if (bytes[i].size() != manifest.element_count(i) * ring::size_bytes(tensor.dtype)) {
      return not_safetensors("the shape of tensor " + shown_name(tensor.name) +
                             " does not fit its number of bytes");
    }
  }
  return Parsed{std::move(manifest), std::move(bytes)};
}

// "F32 [2, 3]"
std::string form_of(const ring::Tensor& tensor) {
  std::string text = std::string(ring::name_of(tensor.dtype)) + " [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(tensor.shape[i]);
  }
  return text + "]";
}

Status check_same(const ring::Tensor& wanted, const ring::Tensor& found) {
  if (wanted.dtype == found.dtype && wanted.shape == found.shape) return {};
  return invalid_argument("the file does not fit the model: tensor '" + wanted.name +
                          "': expected " + form_of(wanted) + ", found " + form_of(found));
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_tensor(std::string& out, const ring::Tensor& tensor, std::uint64_t begin,
                   std::uint64_t end) {
  append_json_string(out, tensor.name);
  out += ":{\"dtype\":\"" + std::string(ring::name_of(tensor.dtype)) + "\",\"shape\":[";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(tensor.shape[i]);
  }
  out += "],\"data_offsets\":[" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
}

std::string header_text(const Model& model, const std::map<std::string, std::string>& metadata) {
  std::string out = "{";
  if (!metadata.empty()) {
    out += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      if (out.back() != '{') out += ',';
      append_json_string(out, key);
      out += ':';
      append_json_string(out, value);
    }
    out += '}';
  }
  std::uint64_t offset = 0;
  const auto& tensors = model.manifest().tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    COVEY_CHECK(tensors[i].name != "__metadata__");  // no state_dict has it: said in the header
    if (out.back() != '{') out += ',';
    append_tensor(out, tensors[i], offset, offset + model.bytes(i).size());
    offset += model.bytes(i).size();
  }
  out += '}';
  out.resize((out.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  return out;
}

}  // namespace

ring::Role default_role(std::string_view name, ring::DType dtype) {
  if (!ring::is_float(dtype)) return ring::Role::kIntBuffer;
  const bool is_statistic = name.ends_with(".running_mean") || name.ends_with(".running_var");
  return is_statistic ? ring::Role::kFloatBuffer : ring::Role::kTrain;
}

Result<ring::Manifest> read_manifest(ByteView file, const RoleOf& role) {
  COVEY_ASSIGN_OR_RETURN(Parsed parsed, parse(file, role));
  return std::move(parsed.manifest);
}

Result<std::vector<ring::TensorView>> read_tensors(ByteView file, const ring::Manifest& manifest) {
  COVEY_ASSIGN_OR_RETURN(const Parsed parsed, parse(file, {}));
  const auto& found = parsed.manifest.tensors();
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < found.size(); ++i) places.emplace(found[i].name, i);

  std::vector<ring::TensorView> views;
  for (const ring::Tensor& wanted : manifest.tensors()) {
    const auto place = places.find(wanted.name);
    if (place == places.end()) {
      return invalid_argument("the file does not fit the model: it has no tensor '" + wanted.name +
                              "'");
    }
    COVEY_RETURN_IF_ERROR(check_same(wanted, found[place->second]));
    views.push_back({wanted.dtype, parsed.bytes[place->second]});
  }
  if (found.size() > views.size()) {
    return invalid_argument("the file does not fit the model: it has " +
                            std::to_string(found.size()) + " tensors, the model has " +
                            std::to_string(views.size()));
  }
  return views;
}

Result<Model> read_model(ByteView file, const ring::Manifest& manifest) {
  COVEY_ASSIGN_OR_RETURN(const std::vector<ring::TensorView> views, read_tensors(file, manifest));
  Model model = Model::zeros(manifest);
  for (std::size_t i = 0; i < views.size(); ++i) {
    std::copy(views[i].bytes.begin(), views[i].bytes.end(), model.bytes(i).begin());
  }
  return model;
}

Bytes write_model(const Model& model, const std::map<std::string, std::string>& metadata) {
  const std::string header = header_text(model, metadata);
  std::size_t size = kLengthBytes + header.size();
  for (const ring::TensorView& view : model.views()) size += view.bytes.size();
  ByteWriter writer;
  writer.reserve(size);
  writer.u64(header.size());
  writer.raw(view_of(header));
  for (const ring::TensorView& view : model.views()) writer.raw(view.bytes);
  return writer.take();
}

}  // namespace covey::model
