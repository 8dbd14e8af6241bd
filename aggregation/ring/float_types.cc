#include "covey/aggregation/ring/float_types.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "covey/base/check.h"

namespace covey::ring {

static_assert(std::endian::native == std::endian::little, "tensor bytes are read in place");

namespace {

struct TypeInfo {
  DType dtype;
  std::string_view name;
  std::size_t size_bytes;
  bool is_float;
};

constexpr std::array kTypes = {
    TypeInfo{DType::kBool, "BOOL", 1, false}, TypeInfo{DType::kU8, "U8", 1, false},
    TypeInfo{DType::kI8, "I8", 1, false},     TypeInfo{DType::kU16, "U16", 2, false},
    TypeInfo{DType::kI16, "I16", 2, false},   TypeInfo{DType::kU32, "U32", 4, false},
    TypeInfo{DType::kI32, "I32", 4, false},   TypeInfo{DType::kU64, "U64", 8, false},
    TypeInfo{DType::kI64, "I64", 8, false},   TypeInfo{DType::kF16, "F16", 2, true},
    TypeInfo{DType::kBf16, "BF16", 2, true},  TypeInfo{DType::kF32, "F32", 4, true},
    TypeInfo{DType::kF64, "F64", 8, true},
};

// The enumerators are 1 … 13 in the order of the table, and dtype_from_number lets no other value
// in.
const TypeInfo& info(DType dtype) {
  const std::size_t index = static_cast<std::size_t>(dtype) - 1;
  COVEY_CHECK(index < kTypes.size());
  return kTypes[index];
}

template <typename Stored, typename Convert>
void load_each(ByteView bytes, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(stored);
  }
}

template <typename Stored, typename Convert>
void store_each(std::span<const float> values, MutableByteView out, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(out.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

}  // namespace

std::string_view name_of(DType dtype) { return info(dtype).name; }
std::size_t size_bytes(DType dtype) { return info(dtype).size_bytes; }
bool is_float(DType dtype) { return info(dtype).is_float; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const TypeInfo& type : kTypes) {
    if (type.name == name) return type.dtype;
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_number(std::uint8_t number) {
  if (number == 0 || number > kTypes.size()) return std::nullopt;
  return kTypes[number - 1u].dtype;
}

float float_from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: multiples of 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide_exponent = exponent == 0x1f ? 0xffu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (fraction << 13));
}

std::uint16_t f16_from_float(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  std::uint32_t half;
  if (magnitude > 0x7f800000u) {
    const std::uint32_t payload = (magnitude >> 13) & 0x3ffu;
    half = 0x7c00u | (payload == 0 ? 0x200u : payload);
  } else if (magnitude >= 0x47800000u) {  // 2^16 and more
    half = 0x7c00u;
  } else if (magnitude >= 0x38800000u) {  // 2^-14 and more; a carry past the largest gives infinity
    half = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  } else {  // the last place of floats in [0.5, 1) is 2^-24, that of subnormal halves: the addition
            // rounds
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  }
  return static_cast<std::uint16_t>(sign | half);
}

float float_from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t bf16_from_float(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    const std::uint32_t quiet = (bits & 0x7f0000u) == 0 ? 0x40u : 0u;
    return static_cast<std::uint16_t>((bits >> 16) | quiet);
  }
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

void load_floats(DType dtype, ByteView bytes, std::span<float> out) {
  // Callers have compared the tensor's bytes with its manifest.
  COVEY_CHECK(is_float(dtype) && bytes.size() == out.size() * size_bytes(dtype));
  if (out.empty()) return;
  if (dtype == DType::kF32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
  } else if (dtype == DType::kF16) {
    load_each<std::uint16_t>(bytes, out, float_from_f16);
  } else if (dtype == DType::kBf16) {
    load_each<std::uint16_t>(bytes, out, float_from_bf16);
  } else {
    load_each<double>(bytes, out, [](double value) { return static_cast<float>(value); });
  }
}

void store_floats(std::span<const float> values, DType dtype, MutableByteView out) {
  // As above.
  COVEY_CHECK(is_float(dtype) && out.size() == values.size() * size_bytes(dtype));
  if (values.empty()) return;
  if (dtype == DType::kF32) {
    std::memcpy(out.data(), values.data(), out.size());
  } else if (dtype == DType::kF16) {
    store_each<std::uint16_t>(values, out, f16_from_float);
  } else if (dtype == DType::kBf16) {
    store_each<std::uint16_t>(values, out, bf16_from_float);
  } else {
    store_each<double>(values, out, [](float value) { return static_cast<double>(value); });
  }
}

bool stays_finite(float value, DType dtype) {
  if (dtype == DType::kF16) return std::isfinite(float_from_f16(f16_from_float(value)));
  if (dtype == DType::kBf16) return std::isfinite(float_from_bf16(bf16_from_float(value)));
  return std::isfinite(value);
}

}  // namespace covey::ring
