#include "simulation/app/sweep.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace covey::simulation {
namespace {

constexpr std::size_t kMostRuns = 10'000;
constexpr std::size_t kLongestName = 120;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  return parts;
}

// What may stand in a folder's name on any file system.
std::string harmless(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ||
                          c == '_' || c == '-' || c == '+';
    if (is_plain) out += c;
  }
  return out;
}

// The setting's last word, or all of it where another axis ends in the same.
std::string short_name(const std::vector<GridAxis>& axes, const GridAxis& axis) {
  const auto last_word = [](const std::string& setting) {
    return setting.substr(setting.rfind('.') + 1);
  };
  const std::string word = last_word(axis.setting);
  const auto same = std::ranges::count_if(
      axes, [&](const GridAxis& other) { return last_word(other.setting) == word; });
  return same > 1 ? axis.setting : word;
}

Status check(const std::vector<GridAxis>& axes) {
  std::set<std::string> settings;
  std::size_t runs = 1;
  for (const GridAxis& axis : axes) {
    if (!settings.insert(axis.setting).second) {
      return invalid_argument("--grid: '" + axis.setting + "' is there twice");
    }
    const std::set<std::string> values(axis.values.begin(), axis.values.end());
    if (values.size() != axis.values.size()) {
      return invalid_argument("--grid: a value of '" + axis.setting + "' is there twice");
    }
    runs *= axis.values.size();
    if (runs > kMostRuns) {
      return invalid_argument("--grid: these are more than " + std::to_string(kMostRuns) +
                              " runs; leave some values out");
    }
  }
  return {};
}

void make_names_unique(std::vector<Combination>& combinations) {
  std::set<std::string> taken;
  for (Combination& combination : combinations) {
    const std::string name = combination.name.substr(0, kLongestName);
    combination.name = name;
    for (int i = 2; !taken.insert(combination.name).second; ++i) {
      combination.name = name + "-" + std::to_string(i);
    }
  }
}

}  // namespace

Result<GridAxis> parse_axis(std::string_view text) {
  const std::size_t equals = text.find('=');
  const bool has_both = equals != text.npos && equals > 0 && equals + 1 < text.size();
  GridAxis axis;
  if (has_both) axis = {std::string(text.substr(0, equals)), split(text.substr(equals + 1))};
  const bool has_gap =
      std::ranges::any_of(axis.values, [](const std::string& value) { return value.empty(); });
  if (has_both && !has_gap) return axis;
  return invalid_argument(
      "--grid is KEY=VALUE,VALUE,…, for instance train.learning_rate=0.01,0.1, not '" +
      std::string(text) + "'");
}

Result<std::vector<Combination>> combinations_of(const std::vector<GridAxis>& axes) {
  COVEY_RETURN_IF_ERROR(check(axes));
  std::vector<Combination> all(1);
  for (const GridAxis& axis : axes) {
    const std::string name = short_name(axes, axis);
    std::vector<Combination> longer;
    for (const Combination& before : all) {
      for (const std::string& value : axis.values) {
        Combination& one = longer.emplace_back(before);
        one.name += (one.name.empty() ? "" : ",") + harmless(name) + "=" + harmless(value);
        one.overrides.emplace_back(axis.setting, value);
      }
    }
    all = std::move(longer);
  }
  make_names_unique(all);
  return all;
}

}  // namespace covey::simulation
