#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/coordinator/admin_client.h"
#include "covey/shell/command_line.h"

namespace covey::cli {

using coordinator::AdminClient;

using shell::Option;

// What a command works with, so that tests can stand in for the daemon, the terminal and time.
struct Context {
  std::ostream& out;
  std::ostream& err;
  bool is_terminal = false;  // `err` is one: progress may be drawn over itself
  std::function<Result<std::unique_ptr<AdminClient>>(const std::string& socket)> connect;
  std::function<std::chrono::milliseconds()> now;  // monotonic
  std::function<void(std::chrono::milliseconds)> sleep;
};

struct Invocation : shell::Invocation {
  std::string socket() const;  // --socket, COVEY_SOCKET or the default
};

struct Command {
  std::string_view group;  // "task"; empty for a command that is one word
  std::string_view name;
  std::string_view words;  // "TASK [VERSION]", as in the help; "TAG…" takes any number
  std::string_view summary;
  std::vector<Option> options;
  std::string_view example;
  int (*run)(const Invocation& invocation, Context& context);
};

const std::vector<Command>& all_commands();
std::vector<Command> task_commands();
std::vector<Command> round_commands();
std::vector<Command> model_commands();
std::vector<Command> device_commands();
std::vector<Command> audit_commands();
std::vector<Command> daemon_commands();

// Prints "covey: …" and gives the exit status.
int fail(Context& context, const Error& error);
int usage_error(Context& context, const std::string& message);

}  // namespace covey::cli

// COVEY_CLI_ASSIGN(auto x, f()): x is the value, or the command ends with the error's status.
#define COVEY_CLI_ASSIGN(target, expression) \
  COVEY_CLI_INTERNAL(COVEY_INTERNAL_JOIN(covey_result_, __LINE__), target, expression)
#define COVEY_CLI_INTERNAL(result, target, expression)           \
  auto result = (expression);                                    \
  if (!result.has_value()) return fail(context, result.error()); \
  target = std::move(result).value()
