#pragma once

#include <cstdint>
#include <string_view>

namespace covey::datasets {

// The characters of text, the same for every file, so that a model fits all of them: a line's end,
// and ASCII's printable ones but seven that plays and prose do without (\ ^ ` { | } ~). Class 0 is
// every other byte, class 1 the first of these.
inline constexpr std::string_view kTextVocabulary =
    "\n !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz";
inline constexpr std::int64_t kTextClasses = 90;
static_assert(kTextVocabulary.size() + 1 == kTextClasses);

std::int64_t character_index(char character);

}  // namespace covey::datasets
