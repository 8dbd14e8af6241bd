#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace covey::datasets {

// The shortest text that stands for `value`.
inline std::string number_text(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

// "1 device", "2 devices"
inline std::string count_of(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// Of the whole text, whatever the locale; "inf" and "nan" are none.
inline std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || !(value - value == 0)) return std::nullopt;
  return value;
}

// Nothing where a float would not be finite.
inline std::optional<float> float_of(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  if (!(value >= -kMost && value <= kMost)) return std::nullopt;
  return static_cast<float>(value);
}

}  // namespace covey::datasets
