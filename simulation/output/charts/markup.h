#pragma once

#include <string>
#include <string_view>

// Pieces of HTML and SVG. What comes from outside, names above all, goes through `escaped` or
// `json_text`, and nowhere else.
namespace covey::simulation {

// For text and for attributes in double quotes; control characters become '?'.
std::string escaped(std::string_view text);
// A JSON string, quotes included, that may stand inside <script>: it cannot end it.
std::string json_text(std::string_view text);
// A coordinate: at most one digit after the point, "0" for what is not finite.
std::string coordinate(double value);

}  // namespace covey::simulation
