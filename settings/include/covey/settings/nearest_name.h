#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace covey::settings {

// The name that `typed` was probably meant to be: the one with the fewest insertions, deletions,
// replacements and swaps of neighbours between them, if those are at most a third of its letters
// (always one, for short ones). Empty when none is near.
std::optional<std::string_view> nearest_name(std::string_view typed,
                                             std::span<const std::string_view> names);

// "; did you mean 'rounds'?", or nothing.
std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names);

}  // namespace covey::settings
