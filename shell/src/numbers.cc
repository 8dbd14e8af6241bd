#include "covey/shell/numbers.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace covey::shell {

std::string text_of_number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 352> buffer;  // the largest double has 309 digits
  std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return buffer.data();
}

std::string shortest_number(double value) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string text_of_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr std::array<const char*, 5> kUnits = {" kB", " MB", " GB", " TB", " PB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.95 would be rounded to 1000.0.
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return text_of_number(value, 1) + kUnits[unit];
}

std::string text_of_time(std::int64_t unix_ms) {
  if (unix_ms == 0) return "-";
  const std::time_t seconds = unix_ms / 1000;
  std::tm local{};
  std::array<char, 32> buffer;
  if (localtime_r(&seconds, &local) == nullptr) return "-";
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &local);
  return buffer.data();
}

std::string text_of_milliseconds(std::int64_t ms) {
  if (ms < 0) return "-";
  if (ms < 60'000) return text_of_number(static_cast<double>(ms) / 1000, 1) + " s";
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3600) {
    return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  }
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min";
}

std::string with_separators(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? "-" : out;
}

}  // namespace covey::shell
