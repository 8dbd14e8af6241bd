#pragma once

#include <chrono>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/shell/command_line.h"
#include "simulation/app/catalogues.h"
#include "simulation/app/engine.h"

// The program covey-sim: a table of commands, and what they work with.
namespace covey::simulation {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;  // the command line is wrong
inline constexpr int kStopped = 3;   // by a signal, at a round's end; it can go on

// So that tests can stand in for the terminal, time, signals and training.
struct Context {
  std::ostream& out;
  std::ostream& err;
  bool is_terminal = false;  // `err` is one
  std::size_t width = 80;
  std::uint64_t cores = 1;
  EngineFactory make_engine;
  std::function<std::chrono::milliseconds()> now;  // monotonic
  std::function<std::int64_t()> unix_ms;
  std::function<bool()> is_stopping;
  std::function<void(const std::string& folder)> set_data_folder;  // COVEY_DATA_DIR
  Catalogues catalogues;
};

struct Command {
  std::string_view name;
  std::string_view words;
  std::string_view summary;
  std::vector<shell::Option> options;
  std::string_view example;
  int (*run)(const shell::Invocation& invocation, Context& context);
};

const std::vector<Command>& all_commands();
Command run_command();
Command sweep_command();
Command report_command();
std::vector<Command> list_commands();

// `arguments`: without the program's name. Gives the exit status.
int run(std::span<const std::string> arguments, Context& context);

// Prints "covey-sim: …" and gives the exit status.
int fail(Context& context, const Error& error);
int usage_error(Context& context, const std::string& message);

// Of `--set KEY=VALUE`, and of the options that stand for settings. kInvalidArgument names the
// option.
Result<Overrides> overrides_of(const shell::Invocation& invocation);

}  // namespace covey::simulation

// COVEY_SIM_ASSIGN(auto x, f()): x is the value, or the command fails with the error.
#define COVEY_SIM_ASSIGN(target, expression) \
  COVEY_SIM_INTERNAL(COVEY_INTERNAL_JOIN(covey_result_, __LINE__), target, expression)
#define COVEY_SIM_INTERNAL(result, target, expression)           \
  auto result = (expression);                                    \
  if (!result.has_value()) return fail(context, result.error()); \
  target = std::move(result).value()
