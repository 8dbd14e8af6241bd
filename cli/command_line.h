#pragma once

#include "cli/command.h"

namespace covey::cli {

// `covey task list …`: finds the command, checks the line against it, and runs it. `arguments`:
// without the program's name. Gives the exit status.
int run(std::span<const std::string> arguments, Context& context);

// The options that every command has.
std::span<const Option> common_options();
// The groups and the commands without one.
std::vector<std::string_view> first_words();
std::vector<std::string_view> second_words(std::string_view group);

Result<Invocation> parse(const Command& command, std::span<const std::string> arguments);
std::string help_of(const Command& command);
std::string overview();

}  // namespace covey::cli
