#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace covey::settings {

// Whole numbers with units, "90s" or "1h 30m": ms, s, m, h, d. Nothing for anything else, for none
// at all and for more than ten years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest form that `parse_duration` takes: "1h 30m".
std::string text_of_duration(std::chrono::milliseconds duration);

}  // namespace covey::settings
