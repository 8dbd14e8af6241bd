#pragma once

#include <optional>

#include "covey/coordinator/store.h"

// Maps and lists as they lie in a column: JSON, so that SQLite's own functions reach into them.
// Bytes that are not UTF-8 become U+FFFD. Reading gives nothing where the text is something else.
namespace covey::coordinator {

using Tags = std::vector<std::string>;
using Properties = std::map<std::string, std::string>;

std::string json_of(
    const Metrics& metrics);  // NaN and the infinities, which JSON lacks, as strings
std::string json_of(const Tags& tags);
std::string json_of(const Properties& properties);
std::optional<Metrics> metrics_of(const std::string& text);
std::optional<Tags> tags_of(const std::string& text);
std::optional<Properties> properties_of(const std::string& text);

}  // namespace covey::coordinator
