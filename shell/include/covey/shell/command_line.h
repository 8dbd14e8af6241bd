#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"

namespace covey::shell {

struct Option {
  std::string_view name;     // without dashes
  std::string_view value;    // what stands for its value in the help; empty: a switch
  std::string_view help;     // lines after the first are moved under it
  bool is_repeated = false;  // may be given more than once
};

// A command line that was checked against its command: the words and options that it takes are
// there, and no others.
struct Invocation {
  std::vector<std::string> words;
  std::multimap<std::string, std::string, std::less<>> options;  // switches: with an empty value

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  std::string value(std::string_view option, std::string_view fallback = "") const;
  std::vector<std::string> values(std::string_view option) const;  // in the order given
  // kInvalidArgument, naming the option, unless it is a whole number from `low` to `high`.
  Result<std::uint64_t> number(std::string_view option, std::uint64_t fallback, std::uint64_t low,
                               std::uint64_t high) const;
  bool is_json() const { return value("format") == "json"; }
};

// What a command line is checked against.
struct Usage {
  std::string name;        // "covey task wait"
  std::string_view words;  // "TASK [VERSION]"; "TAG…" takes any number
  std::vector<Option> options;
};

// `arguments`: after the command's name. kInvalidArgument with what is wrong, and with the nearest
// name for an option that there is not. With --help nothing is checked that a person who asks for
// it may leave out.
Result<Invocation> parse(const Usage& usage, std::span<const std::string> arguments);

// A line for each option, for a help text.
std::string text_of_options(std::span<const Option> options);

}  // namespace covey::shell
