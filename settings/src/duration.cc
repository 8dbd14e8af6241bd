#include "covey/settings/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace covey::settings {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
// Downwards; "ms" is told from "m" by the whole run of letters.
constexpr std::array kUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                               Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::int64_t kLongestMs = std::int64_t{3653} * 86'400'000;

std::optional<std::int64_t> unit_named(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit.milliseconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  bool is_empty = true;
  while (!text.empty()) {
    if (text.front() == ' ' && !is_empty) {
      text.remove_prefix(1);
      continue;
    }
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const auto unit = unit_named(text.substr(0, letters));
    if (!unit) return std::nullopt;
    text.remove_prefix(letters);
    if (number > (kLongestMs - total) / *unit) return std::nullopt;
    total += number * *unit;
    is_empty = false;
  }
  if (is_empty) return std::nullopt;
  return std::chrono::milliseconds(total);
}

std::string text_of_duration(std::chrono::milliseconds duration) {
  std::int64_t rest = duration.count();
  std::string text;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = rest / unit.milliseconds;
    if (count == 0) continue;
    rest -= count * unit.milliseconds;
    if (!text.empty()) text += ' ';
    text += std::to_string(count) + std::string(unit.name);
  }
  return text.empty() ? "0s" : text;
}

}  // namespace covey::settings
