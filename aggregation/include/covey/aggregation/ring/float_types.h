#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "covey/base/bytes.h"

namespace covey::ring {

// Element types of tensors, spelled as safetensors spells them. The numbers are part of saved
// manifests and of digests.
enum class DType : std::uint8_t {
  kBool = 1,
  kU8 = 2,
  kI8 = 3,
  kU16 = 4,
  kI16 = 5,
  kU32 = 6,
  kI32 = 7,
  kU64 = 8,
  kI64 = 9,
  kF16 = 10,
  kBf16 = 11,
  kF32 = 12,
  kF64 = 13,
};

std::string_view name_of(DType dtype);  // "BF16"
std::optional<DType> dtype_from_name(std::string_view name);
std::optional<DType> dtype_from_number(std::uint8_t number);
std::size_t size_bytes(DType dtype);  // of one element
bool is_float(DType dtype);

// IEEE 754 binary16 and bfloat16 as bit patterns. To float32 is exact; from float32 rounds to
// nearest, ties to even, and overflows to infinity. A NaN stays a NaN with its sign and leading
// payload bits.
float float_from_f16(std::uint16_t bits);
std::uint16_t f16_from_float(float value);
float float_from_bf16(std::uint16_t bits);
std::uint16_t bf16_from_float(float value);

// Between little-endian tensor bytes of a float dtype and float32, rounding to nearest even.
// `bytes` has exactly size_bytes(dtype) bytes for each float; any alignment.
void load_floats(DType dtype, ByteView bytes, std::span<float> out);
void store_floats(std::span<const float> values, DType dtype, MutableByteView out);

// Whether `value` is finite and stays so when it is stored as `dtype`.
bool stays_finite(float value, DType dtype);

}  // namespace covey::ring
