#include <algorithm>

#include "covey/settings/nearest_name.h"
#include "covey/shell/table.h"
#include "simulation/app/command.h"

namespace covey::simulation {
namespace {

constexpr std::string_view kEndings = R"(
Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 stopped by a signal at a round's end,
from where it can go on; 130 ended at once by a second signal.
)";

shell::Usage usage_of(const Command& command) {
  shell::Usage usage{"covey sim " + std::string(command.name), command.words, command.options};
  usage.options.push_back({"help", "", "print this"});
  return usage;
}

std::string help_of(const Command& command) {
  const shell::Usage usage = usage_of(command);
  std::string out = "Usage: " + usage.name;
  if (!command.words.empty()) out += " " + std::string(command.words);
  return out + " [options]\n\n" + std::string(command.summary) + "\n\n" +
         shell::text_of_options(usage.options) + "\nExample: " + std::string(command.example) +
         "\n" + std::string(kEndings);
}

std::string overview() {
  std::string out = "Usage: covey sim COMMAND …\n\nA federation on this machine.\n\n";
  for (const Command& command : all_commands()) {
    const std::string left = std::string(command.name) + " " + std::string(command.words) + "  ";
    out += "  " + shell::padded(left, 22, false) + std::string(command.summary) + "\n";
  }
  return out +
         "\nEvery command has --help.\n"
         "Example: covey sim run task.toml --set train.learning_rate=0.1\n" +
         std::string(kEndings);
}

Error unknown_command(const std::string& typed) {
  std::vector<std::string_view> names;
  for (const Command& command : all_commands()) names.push_back(command.name);
  std::string list = "; known: ";
  for (const std::string_view name : names) {
    list += (name == names.front() ? "" : ", ") + std::string(name);
  }
  const std::string nearest = settings::did_you_mean(typed, names);
  return invalid_argument("the command '" + typed + "' is not known" +
                          (nearest.empty() ? list : nearest));
}

}  // namespace

const std::vector<Command>& all_commands() {
  static const std::vector<Command> commands = [] {
    std::vector<Command> all = {run_command(), sweep_command(), report_command()};
    for (Command& command : list_commands()) all.push_back(std::move(command));
    return all;
  }();
  return commands;
}

int fail(Context& context, const Error& error) {
  context.err << "covey-sim: " << error.message << '\n';
  return kFailed;
}

int usage_error(Context& context, const std::string& message) {
  context.err << "covey-sim: " << message << "; see --help\n";
  return kBadUsage;
}

Result<Overrides> overrides_of(const shell::Invocation& invocation) {
  Overrides overrides;
  for (const std::string& setting : invocation.values("set")) {
    const std::size_t equals = setting.find('=');
    if (equals == setting.npos || equals == 0) {
      return invalid_argument("--set is KEY=VALUE, for instance train.learning_rate=0.1, not '" +
                              setting + "'");
    }
    overrides.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  constexpr std::pair<const char*, const char*> kNumbers[] = {
      {"rounds", "task.rounds"}, {"workers", "simulation.workers"}, {"seed", "simulation.seed"}};
  for (const auto& [option, setting] : kNumbers) {
    if (!invocation.has(option)) continue;
    const std::uint64_t least = option == std::string_view("rounds") ? 1 : 0;
    COVEY_ASSIGN_OR_RETURN(const std::uint64_t number,
                           invocation.number(option, 0, least, ~std::uint64_t{0} >> 1));
    overrides.emplace_back(setting, std::to_string(number));
  }
  return overrides;
}

int run(std::span<const std::string> arguments, Context& context) {
  if (arguments.empty()) {
    context.err << overview();
    return kBadUsage;
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "help") {
    context.out << overview();
    return kOk;
  }
  if (first == "--version") {
    context.out << "covey-sim " << COVEY_VERSION << '\n';
    return kOk;
  }
  const auto command = std::ranges::find(all_commands(), first, &Command::name);
  if (command == all_commands().end()) {
    return usage_error(context, unknown_command(first).message);
  }
  const auto invocation = shell::parse(usage_of(*command), arguments.subspan(1));
  if (!invocation) return usage_error(context, invocation.error().message);
  if (!invocation->has("help")) return command->run(*invocation, context);
  context.out << help_of(*command);
  return kOk;
}

}  // namespace covey::simulation
