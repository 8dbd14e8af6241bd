#include "covey/shell/command_line.h"

#include <algorithm>
#include <charconv>

#include "covey/settings/nearest_name.h"
#include "covey/shell/table.h"

namespace covey::shell {
namespace {

constexpr std::size_t kHelpColumn = 22;

Error unknown_option(const Usage& usage, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Option& option : usage.options) names.push_back(option.name);
  return invalid_argument(usage.name + " has no option --" + std::string(name) +
                          settings::did_you_mean(name, names));
}

// How many words stand in "TASK [VERSION]" or "NAME TAG…".
struct WordCount {
  std::size_t least = 0;
  std::size_t most = 0;
};
WordCount count_words(std::string_view words) {
  WordCount count;
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, space);
    words.remove_prefix(std::min(space + 1, words.size()));
    const bool is_many = word.ends_with("…");
    if (!word.starts_with('[') && !is_many) ++count.least;
    count.most = is_many ? 1000 : count.most + 1;
  }
  return count;
}

Status check_words(const Usage& usage, const Invocation& invocation) {
  const WordCount count = count_words(usage.words);
  const std::size_t found = invocation.words.size();
  const std::string text = usage.name + " " + std::string(usage.words);
  if (found < count.least) return invalid_argument("something is missing: " + text);
  if (found > count.most) {
    return invalid_argument("unexpected '" + invocation.words[count.most] + "': " + text);
  }
  const std::string format = invocation.value("format", "text");
  if (format != "text" && format != "json") {
    return invalid_argument("--format is text or json, not '" + format + "'");
  }
  return {};
}

// Takes the option at `at`, and moves `at` on to the last argument that belongs to it.
Status take_option(const Usage& usage, std::span<const std::string> arguments, std::size_t& at,
                   Invocation& invocation) {
  const std::string& argument = arguments[at];
  const std::size_t equals = argument.find('=');
  const std::string name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
  const auto option = std::ranges::find(usage.options, name, &Option::name);
  if (option == usage.options.end()) return unknown_option(usage, name);
  if (invocation.has(name) && !option->is_repeated) {
    return invalid_argument("--" + name + " is given twice");
  }
  const bool is_switch = option->value.empty();
  if (is_switch && equals != argument.npos) {
    return invalid_argument("--" + name + " takes no value");
  }
  if (!is_switch && equals == argument.npos && at + 1 == arguments.size()) {
    return invalid_argument("--" + name + " needs a value: --" + name + " " +
                            std::string(option->value));
  }
  std::string value;
  if (!is_switch) value = equals != argument.npos ? argument.substr(equals + 1) : arguments[++at];
  invocation.options.emplace(name, value);
  return {};
}

}  // namespace

std::string Invocation::value(std::string_view option, std::string_view fallback) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string(fallback) : found->second;
}

std::vector<std::string> Invocation::values(std::string_view option) const {
  std::vector<std::string> all;
  const auto [first, last] = options.equal_range(option);
  for (auto at = first; at != last; ++at) all.push_back(at->second);
  return all;
}

Result<std::uint64_t> Invocation::number(std::string_view option, std::uint64_t fallback,
                                         std::uint64_t low, std::uint64_t high) const {
  if (!has(option)) return fallback;
  const std::string text = value(option);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= low && number <= high) {
    return number;
  }
  return invalid_argument("--" + std::string(option) + " is a whole number of at least " +
                          std::to_string(low) + ", not '" + text + "'");
}

Result<Invocation> parse(const Usage& usage, std::span<const std::string> arguments) {
  Invocation invocation;
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (only_words || !arguments[i].starts_with("--")) {
      invocation.words.push_back(arguments[i]);
    } else if (arguments[i] == "--") {
      only_words = true;
    } else {
      COVEY_RETURN_IF_ERROR(take_option(usage, arguments, i, invocation));
    }
  }
  if (!invocation.has("help")) COVEY_RETURN_IF_ERROR(check_words(usage, invocation));
  return invocation;
}

std::string text_of_options(std::span<const Option> options) {
  std::string out;
  for (const Option& option : options) {
    std::string left = "  --" + std::string(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value);
    out += padded(left + "  ", kHelpColumn, false);
    for (const char c : option.help) {
      out += c;
      if (c == '\n') out += std::string(kHelpColumn, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace covey::shell
