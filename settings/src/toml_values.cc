#include "covey/settings/toml_values.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <array>
#include <charconv>
#include <sstream>

namespace covey::settings {
namespace {

// The shortest text that reads as the same number.
std::string text_of(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string text_of(const toml::node& node) {
  if (const auto* number = node.as_floating_point()) return text_of(number->get());
  std::ostringstream out;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_value<decltype(value)> || toml::is_array<decltype(value)>) {
      out << value;
    }
  });
  return out.str();
}

void collect(const toml::table& table, const std::string& before,
             std::map<std::string, std::string>& out) {
  for (const auto& [key, node] : table) {
    const std::string path = before + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      collect(*inner, path + ".", out);
    } else {
      out[path] = text_of(node);
    }
  }
}

}  // namespace

Result<std::map<std::string, std::string>> toml_values(std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto at = parsed.error().source().begin;
    return invalid_argument(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                            std::string(parsed.error().description()));
  }
  std::map<std::string, std::string> out;
  collect(parsed.table(), "", out);
  return out;
}

}  // namespace covey::settings
