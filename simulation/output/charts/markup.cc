#include "simulation/output/charts/markup.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "covey/shell/numbers.h"
#include "covey/shell/table.h"

namespace covey::simulation {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : shell::printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string json_text(std::string_view text) {
  const std::string quoted = nlohmann::json(shell::printable(text))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  for (const char c : quoted) out += c == '<' ? "\\u003c" : std::string(1, c);
  return out;
}

std::string coordinate(double value) {
  if (!std::isfinite(value)) return "0";
  std::string text = shell::text_of_number(value, 1);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

}  // namespace covey::simulation
