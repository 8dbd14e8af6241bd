#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// How values look to people.
namespace covey::shell {

std::string text_of_bytes(std::uint64_t bytes);        // "12.3 MB", powers of ten
std::string text_of_milliseconds(std::int64_t ms);     // "3.2 s", "12 min 5 s"
std::string text_of_number(double value, int digits);  // "-" for NaN and infinities
std::string shortest_number(double value);             // that reads as the same; "-" as above
std::string text_of_time(std::int64_t unix_ms);        // local, "2026-03-01 09:30:00"; "-" for 0
std::string with_separators(std::uint64_t number);     // "1,234,567"
std::string joined(const std::vector<std::string>& texts);  // ", "; "-" for none

}  // namespace covey::shell
